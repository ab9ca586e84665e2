using Exposition.Persistence.Gob;

namespace Exposition.Persistence.Tests;

/// <summary>A state file that the Pushgateway 1.11.2 wrote for pushes of ours.</summary>
public class GobImportTests : InDirectory
{
    private static readonly byte[] s_file = System.IO.File.ReadAllBytes(
        Path.Combine(AppContext.BaseDirectory, "Resources", "pushgateway-1.11.2.gob"));

    [Fact]
    public void All_groups_are_taken_over_and_the_original_is_kept()
    {
        System.IO.File.WriteAllBytes(File, s_file);

        List<string> loaded = [.. Load(out LoadReport report).Order(StringComparer.Ordinal)];

        Assert.Equal(new LoadReport(5, 0, false), report);
        Assert.Equal(
            ["{empty=\"\",job=\"a/b\"}", "{instance=\"i1\",job=\"gob\"}", "{job=\"failed\"}", "{job=\"nothing\"}", "{job=\"posted\"}"],
            loaded.Select(static g => g.Split('|')[0]));
        Assert.Contains(
            "|a_total Counter help:some help \\ \"x\" 1795573344005877659 2 None 0 a_total{instance=\"i1\",job=\"gob\",x=\"1\"} 3\n"
            + "a_total{instance=\"i1\",job=\"gob\",x=\"2\\n\\\"q\"} 1e+21\n ", loaded[1], StringComparison.Ordinal);
        Assert.Contains("h_bucket{instance=\"i1\",job=\"gob\",le=\"+Inf\"} 3\n", loaded[1], StringComparison.Ordinal);
        Assert.Contains("push_time_seconds{instance=\"\",job=\"failed\"} 0\n", loaded[2], StringComparison.Ordinal);
        Assert.Contains(
            "push_failure_time_seconds{instance=\"\",job=\"failed\"} 1.7955733440334523e+09\n", loaded[2], StringComparison.Ordinal);
        DurableNotice notice = Assert.Single(Notices);
        Assert.Equal((DurableEvent.Imported, 5), (notice.Event, notice.Groups));
        Assert.StartsWith(File + ".pushgateway-2", notice.Path, StringComparison.Ordinal);
        Assert.Equal(s_file, System.IO.File.ReadAllBytes(notice.Path));
        Assert.Equal(["data", Path.GetFileName(notice.Path)], Files());

        Assert.Equal(loaded, Load(out _).Order(StringComparer.Ordinal));
        Assert.Single(Notices);
    }

    [Fact]
    public void What_an_interrupted_import_left_is_not_used()
    {
        System.IO.File.WriteAllBytes(File, s_file);
        System.IO.File.WriteAllText(File + ".importing", "half");
        System.IO.File.WriteAllText(File + ".importing-wal", "half");

        Load(out LoadReport report);

        Assert.Equal(5, report.Groups);
        Assert.DoesNotContain(Files(), static f => f.Contains("importing", StringComparison.Ordinal));
    }

    // A directory stands where a file is to go: the import ends there.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_import_interrupted_before_or_after_the_copy_of_the_original_starts_over(bool isCopied)
    {
        System.IO.File.WriteAllBytes(File, s_file);
        string kept = File + ".pushgateway-20260102T030405Z";
        string obstacle = isCopied ? kept : kept + ".part";
        System.IO.Directory.CreateDirectory(obstacle);
        using (var store = new SqliteStore(File, new ManualTime(), Notices.Add))
        {
            Assert.Equal(5, store.Load(static (in _) => { }).Groups);
            Assert.Equal(DurableEvent.Unavailable, Assert.Single(Notices).Event);
        }

        System.IO.Directory.Delete(obstacle);
        if (isCopied)
        {
            System.IO.File.Move(kept + ".part", kept);
        }

        Assert.Contains("data.importing", Files());
        Assert.Equal(s_file, System.IO.File.ReadAllBytes(File));
        Assert.Equal(5, Load(out LoadReport report).Count);
        Assert.Equal(new LoadReport(5, 0, false), report);
        string[] files = Files();
        Assert.Contains(files, f => f != "data" && System.IO.File.ReadAllBytes(Path.Combine(Directory, f)).AsSpan().SequenceEqual(s_file));
        Assert.DoesNotContain(
            files, static f => f.Contains("importing", StringComparison.Ordinal) || f.EndsWith(".part", StringComparison.Ordinal));
        Assert.Equal(5, Load(out _).Count);
        Assert.Equal(files, Files());
    }

    [Fact]
    public void A_store_without_groups_is_imported_too()
    {
        // The definitions of the file, then an empty map.
        int value = s_file.AsSpan().IndexOf((byte[])[0xfe, 0x0a, 0x8a, 0xff, 0x8c, 0x00]);
        Assert.True(value > 0);
        System.IO.File.WriteAllBytes(File, [.. s_file[..value], 4, 0xff, 0x8c, 0, 0]);
        Assert.Empty(Load(out _));
        Assert.Equal(DurableEvent.Imported, Assert.Single(Notices).Event);
    }

    [Fact]
    public void Of_a_file_cut_short_the_groups_before_the_cut_are_taken_over_and_the_file_is_kept()
    {
        int length = s_file.Length - 100;
        System.IO.File.WriteAllBytes(File, s_file[..length]);

        Load(out LoadReport report);

        Assert.Equal(4, report.Groups);
        Assert.Equal([DurableEvent.Imported, DurableEvent.MovedDamaged], Notices.Select(static n => n.Event));
        Assert.StartsWith(File + ".damaged-", Notices[1].Path, StringComparison.Ordinal);
        Assert.Equal(s_file[..length], System.IO.File.ReadAllBytes(Notices[1].Path));
    }

    [Fact]
    public void No_cut_and_no_flipped_byte_does_more_than_lose_what_it_touches()
    {
        int most = 0;
        for (int length = 0; length < s_file.Length; length++)
        {
            var cut = new GobState(s_file.AsMemory(0, length), static (in _) => { }, static _ => { });
            Assert.NotNull(cut.Read());
            Assert.InRange(cut.Groups, most, 4);
            most = cut.Groups;
        }

        byte[] flipped = [.. s_file];
        for (int at = 0; at < s_file.Length; at++)
        {
            foreach (byte bits in (byte[])[0x01, 0x80, 0xff])
            {
                flipped[at] ^= bits;
                var state = new GobState(flipped, static (in _) => { }, static _ => { });
                _ = state.Read();
                Assert.InRange(state.Groups, 0, 5);
                flipped[at] ^= bits;
            }
        }
    }

    [Fact]
    public void A_file_in_use_is_not_imported()
    {
        System.IO.File.WriteAllBytes(File, s_file);
        using var other = new FileStream(File, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        using IDurableStore store = Open();
        Assert.Throws<DurableStoreException>(store.Begin);
        Assert.Equal(["data"], Files());
    }

    [Theory]
    [InlineData("00", 0L)]
    [InlineData("7f", 127L)]
    [InlineData("ff80", 128L)]
    [InlineData("fe0100", 256L)]
    [InlineData("f8ffffffffffffffff", -1L)]
    public void Unsigned_numbers(string hex, long expected)
    {
        var reader = new GobReader(Convert.FromHexString(hex));
        Assert.True(reader.TryUInt(out ulong value));
        Assert.True(reader.AtEnd);
        Assert.Equal((ulong)expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ff")]
    [InlineData("fe01")]
    [InlineData("f7000000000000000001")]
    [InlineData("80")]
    public void Numbers_that_are_none(string hex) => Assert.False(new GobReader(Convert.FromHexString(hex)).TryUInt(out _));

    // 2021-01-01T00:00:00.5Z; with a zone offset in seconds; and the zero time, which no Unix nanoseconds can say.
    [Theory]
    [InlineData("0f010000000ed7805d001dcd6500ffff", 1609459200500000000L)]
    [InlineData("10020000000ed7805d001dcd650000000a", 1609459200500000000L)]
    [InlineData("0f01000000000000000000000000ffff", 0L)]
    public void Times(string hex, long nanoseconds)
    {
        var reader = new GobReader(Convert.FromHexString(hex));
        Assert.True(reader.TryTime(out long value));
        Assert.Equal(nanoseconds, value);
    }
}
