using Exposition.Engine;
using Exposition.Formats;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Tests;

public class SqliteStoreTests : InDirectory
{
    private static readonly FamilyEntry[] s_families = [
        Samples.Family("a", "a{job=\"x\"} 1\n", "h"), Samples.Family("b", "", null, sidecar: "raw")];

    [Fact]
    public void Groups_come_back_as_they_were()
    {
        Save((Samples.Key("x"), s_families), (Samples.Key("y", "i"), []));

        List<string> loaded = Load(out LoadReport report);

        Assert.Equal([Samples.Show(Samples.Key("x"), s_families), Samples.Show(Samples.Key("y", "i"), [])], loaded);
        Assert.Equal(new LoadReport(2, 0, false), report);
        Assert.Empty(Notices);
        Assert.Equal(["data"], Files());
    }

    [Fact]
    public void A_later_put_replaces_and_a_removal_removes()
    {
        Save((Samples.Key("x"), s_families), (Samples.Key("y"), s_families));
        FamilyEntry[] other = [Samples.Family("c", "c 2\n")];
        using (IDurableStore store = Open())
        {
            using IDurableBatch batch = store.Begin();
            batch.Put(new KeptGroup(Samples.Key("x"), other), 8);
            batch.Remove(Samples.Key("y"));
            batch.Remove(Samples.Key("never"));
            batch.Commit();
        }

        Assert.Equal([Samples.Show(Samples.Key("x"), other)], Load(out _));
    }

    [Fact]
    public void A_large_group_is_written_without_a_copy_of_it()
    {
        string text = string.Concat(Enumerable.Range(0, 100_000).Select(static i => $"large{{job=\"x\",n=\"{i:0000000}\"}} {i}\n"));
        FamilyEntry[] families = [Samples.Family("large", text)];
        using (IDurableStore store = Open())
        {
            using IDurableBatch batch = store.Begin();
            long before = GC.GetAllocatedBytesForCurrentThread();
            batch.Put(new KeptGroup(Samples.Key("x"), families), 1);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, text.Length);
            batch.Commit();
        }

        Assert.Equal([Samples.Show(Samples.Key("x"), families)], Load(out _));
    }

    [Fact]
    public void Without_a_commit_nothing_stays()
    {
        Save((Samples.Key("x"), s_families));
        using (IDurableStore store = Open())
        {
            using IDurableBatch batch = store.Begin();
            batch.Remove(Samples.Key("x"));
        }

        Assert.Single(Load(out _));
    }

    [Fact]
    public void The_file_is_private_and_made_at_the_first_write()
    {
        using (IDurableStore store = Open())
        {
            Assert.Equal(default, store.Load(static (in _) => { }));
            Assert.False(System.IO.File.Exists(File));
        }

        Save();
        Assert.True(System.IO.File.Exists(File));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    [Fact]
    public void Another_user_of_the_file_is_refused()
    {
        Save((Samples.Key("x"), s_families));
        using IDurableStore first = Open();
        first.Load(static (in _) => { });
        using IDurableStore second = Open();

        Assert.Equal(DurableFault.Locked, Assert.Throws<DurableStoreException>(() => second.Load(static (in _) => { })).Fault);
        Assert.Equal(DurableFault.Locked, Assert.Throws<DurableStoreException>(second.Begin).Fault);
    }

    [Theory]
    [InlineData("\u0014\u007f gob stream of the reference \u0001\u0002")]
    [InlineData("x")]
    public void A_foreign_file_is_moved_aside_unchanged(string content)
    {
        System.IO.File.WriteAllText(File, content);

        Assert.Empty(Load(out LoadReport report));

        Assert.Equal(default, report);
        DurableNotice notice = Assert.Single(Notices);
        Assert.Equal(DurableEvent.MovedForeign, notice.Event);
        Assert.StartsWith(File + ".foreign-2", notice.Path, StringComparison.Ordinal);
        Assert.Equal(content, System.IO.File.ReadAllText(notice.Path));
        Save((Samples.Key("x"), s_families));
        Assert.Single(Load(out _));
    }

    [Fact]
    public void A_database_of_another_program_is_moved_aside_unchanged()
    {
        Sql("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
        byte[] before = System.IO.File.ReadAllBytes(File);

        Assert.Empty(Load(out _));

        Assert.Equal(DurableEvent.MovedForeign, Assert.Single(Notices).Event);
        Assert.Equal(before, System.IO.File.ReadAllBytes(Notices[0].Path));
    }

    [Fact]
    public void A_database_of_another_program_is_moved_aside_with_its_log()
    {
        byte[] before, log;
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; CREATE TABLE mine (x); INSERT INTO mine VALUES (1)";
            command.ExecuteNonQuery();
            before = System.IO.File.ReadAllBytes(File);
            log = System.IO.File.ReadAllBytes(File + "-wal");
        }

        System.IO.File.WriteAllBytes(File, before);
        System.IO.File.WriteAllBytes(File + "-wal", log);

        Assert.Empty(Load(out _));

        string moved = Assert.Single(Notices, static n => n.Event == DurableEvent.MovedForeign).Path;
        Assert.Equal(before, System.IO.File.ReadAllBytes(moved));
        Assert.Equal(log, System.IO.File.ReadAllBytes(moved + "-wal"));
    }

    // A gateway that was rolled back must not look healthy and empty, and must not hide the file from the next upgrade.
    [Fact]
    public void A_file_of_a_later_schema_ends_the_start_and_is_left_as_it_is()
    {
        Save((Samples.Key("x"), s_families));
        Sql("PRAGMA user_version = 4");
        byte[] before = System.IO.File.ReadAllBytes(File);

        using (IDurableStore store = Open())
        {
            DurableStoreException e = Assert.Throws<DurableStoreException>(store.Open);
            Assert.Equal(DurableFault.LaterVersion, e.Fault);
            Assert.Contains("later version of this program (schema 4, this one knows 3)", e.Message, StringComparison.Ordinal);
            Assert.Equal(DurableFault.LaterVersion, Assert.Throws<DurableStoreException>(() => store.Load(static (in _) => { })).Fault);
        }

        Assert.Empty(Notices);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
        Assert.Empty(Files().Except(["data", "data-wal"]));
    }

    [Fact]
    public void A_second_process_finds_a_file_taken_that_did_not_exist()
    {
        using IDurableStore first = Open();
        first.Open();
        using IDurableStore second = Open();
        Assert.Equal(DurableFault.Locked, Assert.Throws<DurableStoreException>(second.Open).Fault);
        first.Load(static (in _) => { });
        Write(first, (Samples.Key("x"), s_families));
        first.Dispose();
        second.Open();
        Assert.Equal(1, second.Load(static (in _) => { }).Groups);
    }

    [Fact]
    public void A_group_that_a_row_cannot_hold_is_refused_and_what_is_kept_of_it_stays()
    {
        Save((Samples.Key("x"), s_families));
        byte[] large = new byte[500_000_000];
        FamilyEntry[] families = [new FamilyEntry("a"u8.ToArray(), MetricType.Gauge, null, 0) { Text = large, Sidecar = large }];
        using (IDurableStore store = Open())
        using (IDurableBatch batch = store.Begin())
        {
            DurableStoreException e = Assert.Throws<DurableStoreException>(() => batch.Put(new KeptGroup(Samples.Key("x"), families), 8));
            Assert.Equal(DurableFault.GroupRefused, e.Fault);
            Assert.Contains("at most 999000000", e.Message, StringComparison.Ordinal);
        }

        Assert.Equal([Samples.Show(Samples.Key("x"), s_families)], Load(out _));
    }

    [Fact]
    public void An_empty_file_is_a_new_one()
    {
        System.IO.File.WriteAllText(File, "");
        Assert.Empty(Load(out _));
        Assert.Empty(Notices);
        Save((Samples.Key("x"), s_families));
        Assert.Single(Load(out _));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(20000)]
    public void A_truncated_file_is_moved_aside(int length)
    {
        Save((Samples.Key("x"), s_families));
        using (FileStream file = System.IO.File.OpenWrite(File))
        {
            file.SetLength(length);
        }

        using (IDurableStore store = Open())
        {
            Assert.True(store.Load(static (in _) => Assert.Fail("nothing can be read")).Replaced);
            Assert.Equal(DurableEvent.Damaged, Assert.Single(Notices).Event);
            Assert.Equal(length, new FileInfo(File).Length);
            Assert.True(store.Incomplete);
            Write(store, (Samples.Key("y"), s_families));
            store.Completed();
        }

        Assert.Equal(DurableEvent.MovedDamaged, Notices[1].Event);
        Assert.Equal(length, new FileInfo(Notices[1].Path).Length);
        Assert.Single(Load(out _));
    }

    [Fact]
    public void Of_a_file_damaged_in_the_middle_the_readable_groups_are_handed_over()
    {
        // Random, so that packing does not make the file small.
        var random = new Random(1);
        Save([.. Enumerable.Range(0, 400)
            .Select(i => (Samples.Key($"j{i:d3}"), new[] { Samples.Family("a", random.GetHexString(8000)) }))]);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        bytes.AsSpan(bytes.Length * 3 / 4, 16384 * 2).Fill(0xA5);
        System.IO.File.WriteAllBytes(File, bytes);

        List<string> loaded = Load(out LoadReport report);

        Assert.True(report.Replaced || report.DamagedGroups > 0);
        Assert.InRange(loaded.Count, 100, 399);
        Assert.NotEmpty(Notices);
    }

    [Fact]
    public void A_flipped_bit_costs_one_group_which_is_kept_aside()
    {
        Save((Samples.Key("x"), s_families), (Samples.Key("y"), s_families));
        Sql("UPDATE groups SET content = zeroblob(length(content)) WHERE id = 1");

        List<string> loaded = Load(out LoadReport report);

        Assert.Equal([Samples.Show(Samples.Key("y"), s_families)], loaded);
        Assert.Equal(new LoadReport(1, 1, false), report);
        DurableNotice notice = Assert.Single(Notices);
        Assert.Equal((DurableEvent.DamagedGroup, "{job=\"x\"}"), (notice.Event, notice.Detail));
        Assert.Equal(1L, Sql("SELECT count(*) FROM damaged"));
        Assert.Equal(1L, Sql("SELECT count(*) FROM groups"));
        Load(out report);
        Assert.Equal(new LoadReport(1, 0, false), report);
    }

    [Theory]
    [InlineData("content = NULL")]
    [InlineData("key = NULL")]
    [InlineData("version = 'text', checksum = 1.5")]
    public void A_row_with_values_that_the_schema_forbids_is_damage(string values)
    {
        Save((Samples.Key("x"), s_families), (Samples.Key("y"), s_families));
        Sql("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'groups'");
        Sql($"UPDATE groups SET {values} WHERE id = 1");

        Assert.Equal([Samples.Show(Samples.Key("y"), s_families)], Load(out LoadReport report));
        Assert.Equal(new LoadReport(1, 1, false), report);
        Assert.Equal(DurableEvent.DamagedGroup, Assert.Single(Notices).Event);
    }

    [Fact]
    public void A_content_under_a_wrong_key_is_damage()
    {
        Save((Samples.Key("x"), s_families));
        Sql("UPDATE groups SET key = CAST('job' AS BLOB) || x'FF' || CAST('z' AS BLOB)");
        Assert.Empty(Load(out LoadReport report));
        Assert.Equal(1, report.DamagedGroups);
    }

    [Fact]
    public void A_load_that_is_given_up_ends_at_once()
    {
        Save([.. Enumerable.Range(0, 5000).Select(i => (Samples.Key($"j{i:d4}"), new[] { Samples.Family("a", new string('x', 1000)) }))]);
        using IDurableStore store = Open();
        int taken = 0;
        Assert.Throws<OperationCanceledException>(
            () => store.Load((in _) => throw (++taken == 300 ? new OperationCanceledException() : new InvalidOperationException())));
        Assert.Equal(300, taken);
    }

    [Fact]
    public void A_missing_directory_is_told_and_used_as_soon_as_it_exists()
    {
        string inside = Path.Combine(Directory, "no", "such");
        using var store = new SqliteStore(Path.Combine(inside, "data"), TimeProvider.System, Notices.Add);
        store.Load(static (in _) => { });
        Assert.Equal(DurableEvent.Unavailable, Assert.Single(Notices).Event);
        Assert.Equal(DurableFault.Unavailable, Assert.Throws<DurableStoreException>(store.Begin).Fault);

        System.IO.Directory.CreateDirectory(inside);
        using IDurableBatch batch = store.Begin();
        batch.Commit();
        Assert.True(System.IO.File.Exists(store.Path));
        Assert.True(store.Incomplete);
    }

    [Fact]
    public void A_file_deleted_under_us_is_made_anew_and_asks_for_everything()
    {
        Save((Samples.Key("x"), s_families));
        using IDurableStore store = Open();
        store.Load(static (in _) => { });
        Assert.False(store.Incomplete);
        System.IO.File.Delete(File);

        using IDurableBatch batch = store.Begin();
        batch.Commit();

        Assert.True(store.Incomplete);
        Assert.True(System.IO.File.Exists(File));
    }

    [Fact]
    public void An_index_that_does_not_fit_the_groups_is_damage_and_the_file_is_made_anew()
    {
        Save((Samples.Key("x"), s_families), (Samples.Key("y"), s_families));

        // As if a bit of a key had flipped in the index: a delete would not find the group.
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        byte[] entry = [.. Samples.Key("x").Bytes];
        int[] places = [.. Enumerable.Range(0, bytes.Length - entry.Length).Where(i => bytes.AsSpan(i, entry.Length).SequenceEqual(entry))];
        bool found = false;
        foreach (int place in places)
        {
            byte[] flipped = [.. bytes];
            flipped[place + entry.Length - 1] ^= 1;
            System.IO.File.WriteAllBytes(File, flipped);
            Notices.Clear();
            using var store = new SqliteStore(File, TimeProvider.System, Notices.Add);
            var kept = new List<(GroupingKey, FamilyEntry[])>();
            LoadReport report = store.Load((in group) => kept.Add((group.Key, group.Families.ToArray())));
            if (report is { Replaced: true, Groups: 2 })
            {
                found = true;
                Assert.Contains("index", Notices[0].Detail, StringComparison.Ordinal);
                Write(store, kept);
                store.Completed();
                Assert.Equal(flipped, System.IO.File.ReadAllBytes(Notices[^1].Path));
            }
        }

        Assert.True(found);
        Assert.Equal(2, Load(out LoadReport again).Count);
        Assert.False(again.Replaced);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_file_of_an_interrupted_first_write_makes_room_for_a_restore_and_no_other(int groups, bool clears)
    {
        using var store = new SqliteStore(File, TimeProvider.System, Notices.Add);
        Assert.True(store.TryClear());
        Save([.. Enumerable.Range(0, groups).Select(static i => (Samples.Key($"j{i}"), s_families))]);
        byte[] before = System.IO.File.ReadAllBytes(File);
        using (IDurableStore other = Open())
        {
            other.Open();
            Assert.Equal(DurableFault.Locked, Assert.Throws<DurableStoreException>(() => store.TryClear()).Fault);
        }

        Assert.Equal(clears, store.TryClear());
        Assert.Equal(clears, !System.IO.File.Exists(File));
        string file = Assert.Single(Files(), static f => f == "data" || f.StartsWith("data.empty-", StringComparison.Ordinal));
        Assert.Equal(before, System.IO.File.ReadAllBytes(Path.Combine(Directory, file)));

        System.IO.File.WriteAllText(File, "something else");
        Assert.False(store.TryClear());
    }

    [Fact]
    public void Space_of_deleted_groups_is_given_back()
    {
        var random = new Random(1);
        GroupingKey[] keys = [.. Enumerable.Range(0, 2500).Select(static i => Samples.Key($"j{i}"))];
        Save([.. keys.Select(key => (key, new[] { Samples.Family("a", random.GetHexString(26_000)) }))]);
        long full = new FileInfo(File).Length;
        Assert.InRange(full, 30 << 20, 60 << 20);
        using (IDurableStore store = Open())
        {
            using (IDurableBatch batch = store.Begin())
            {
                Array.ForEach(keys[1..], batch.Remove);
                batch.Commit();
            }

            for (int i = 0; i < 3; i++)
            {
                Write(store, (keys[0], s_families));
            }
        }

        Assert.InRange(new FileInfo(File).Length, 0, 20 << 20);
        Assert.Single(Load(out _));
    }

    [Fact]
    public void The_log_stays_small_however_much_is_written()
    {
        var random = new Random(1);
        using IDurableStore store = Open();
        long most = 0;
        for (int i = 0; i < 60; i++)
        {
            Write(store, (Samples.Key($"j{i % 3}"), [Samples.Family("a", random.GetHexString(2_000_000))]));
            most = Math.Max(most, new FileInfo(File + "-wal").Length);
        }

        // SQLite writes it back at 1,000 pages.
        Assert.InRange(most, 1, 20 << 20);
    }

    [Fact]
    public void The_file_says_what_it_is()
    {
        Save((Samples.Key("x"), s_families));
        Assert.Equal(0x45787045L, Sql("PRAGMA application_id"));
        Assert.Equal(2L, Sql("PRAGMA user_version"));
        Assert.Equal(16384L, Sql("PRAGMA page_size"));
        Assert.Equal("wal", Sql("PRAGMA journal_mode"));
    }

    private object? Sql(string text)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = text;
        return command.ExecuteScalar();
    }
}
