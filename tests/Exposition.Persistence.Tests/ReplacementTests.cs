using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>
/// The process dies while a damaged file is replaced: after any renaming, all that could be read is there at the next start, and the
/// original somewhere. A directory that stands where a file is to go ends the replacement there.
/// </summary>
public class ReplacementTests : InDirectory
{
    private const int Groups = 60;
    private const string Aside = ".damaged-20260102T030405Z";

    // Before each renaming, and after all of them. Nothing can stand in the way of the last one: the state before it is made by hand.
    private static readonly string[] s_obstacles = [".salvaged", Aside, Aside + "-wal", Aside + "-wal", ""];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_death_at_any_step_loses_nothing_and_overwrites_nothing(bool withLog)
    {
        for (int renamed = 0; renamed < s_obstacles.Length; renamed++)
        {
            Damage(withLog);
            (string Name, byte[] Bytes)[] originals = [
                .. System.IO.Directory.GetFiles(Directory).Select(static f => (f, System.IO.File.ReadAllBytes(f)))];
            string obstacle = s_obstacles[renamed];
            bool died = !TryReplace(obstacle, out List<(GroupingKey Key, FamilyEntry[] Families)> salvaged);
            Assert.Equal(obstacle.Length > 0, died);
            Assert.InRange(salvaged.Count, 5, Groups - 1);
            if (renamed == 3)
            {
                System.IO.File.Move(File + "-wal", File + Aside + "-wal");
            }

            string[] expected = [.. salvaged.Select(static g => Samples.Show(g.Key, g.Families)).Order(StringComparer.Ordinal)];
            for (int start = 0; start < 2; start++)
            {
                Assert.Equal(expected, Load(out _).Order(StringComparer.Ordinal));
                foreach ((string name, byte[] bytes) in originals)
                {
                    Assert.True(System.IO.Directory.GetFiles(Directory)
                        .Any(f => System.IO.File.ReadAllBytes(f).AsSpan().SequenceEqual(bytes)),
                        $"died after {renamed} renamings, start {start}: {name} is nowhere any more, there are {string.Join(' ', Files())}");
                }

                // A start that still finds the damaged file does what the one before it did not live to do.
                Assert.True(start == 1 || TryReplace("", out _));
            }

            Assert.DoesNotContain(
                Files(), static f => f.EndsWith(".new", StringComparison.Ordinal) || f.EndsWith(".salvaged", StringComparison.Ordinal));
            Assert.Contains(Files(), static f => f.Contains(".damaged-", StringComparison.Ordinal));
            if (withLog)
            {
                string log = Assert.Single(Files(), static f => f.EndsWith("-wal", StringComparison.Ordinal));
                Assert.Contains(log[..^4], Files());
            }
        }
    }

    [Fact]
    public void A_death_while_the_new_file_is_written_leaves_the_damaged_one_to_be_read_again()
    {
        Damage(withLog: false);
        byte[] damaged = System.IO.File.ReadAllBytes(File);
        string dead = System.IO.Directory.CreateDirectory(Path.Combine(Directory, "dead")).FullName;
        List<string> first = [];
        using (IDurableStore store = Open())
        {
            store.Load((in group) => first.Add(Samples.Show(group.Key, group.Families)));
            using IDurableBatch batch = store.Begin();
            batch.Put(new KeptGroup(Samples.Key("only"), new[] { Samples.Family("a", "a 1\n") }), 1);
            batch.Commit();
            System.IO.File.WriteAllBytes(Path.Combine(dead, "data"), damaged);
            foreach (string file in System.IO.Directory.GetFiles(Directory).Where(f => f != File))
            {
                System.IO.File.WriteAllBytes(Path.Combine(dead, Path.GetFileName(file)), ReadShared(file));
            }
        }

        Assert.Contains("data.new", System.IO.Directory.GetFiles(dead).Select(Path.GetFileName));
        using var again = new SqliteStore(Path.Combine(dead, "data"), TimeProvider.System, Notices.Add);
        var second = new List<string>();
        again.Load((in group) => second.Add(Samples.Show(group.Key, group.Families)));
        Assert.Equal(first, second);
        Assert.Equal(damaged, System.IO.File.ReadAllBytes(again.Path));
    }

    [Fact]
    public void Two_processes_do_not_replace_one_file()
    {
        Damage(withLog: false);
        using IDurableStore first = Open();
        first.Load(static (in _) => { });
        Write(first, (Samples.Key("x"), [Samples.Family("a", "a 1\n")]));
        using IDurableStore second = Open();
        Assert.Equal(DurableFault.Locked, Assert.Throws<DurableStoreException>(second.Open).Fault);
        Assert.Equal(DurableFault.Locked, Assert.Throws<DurableStoreException>(() => second.Load(static (in _) => { })).Fault);
        first.Completed();
        Assert.Single(Load(out _));
    }

    [Fact]
    public async Task A_copy_replaces_a_damaged_file_by_itself()
    {
        var store = new MetricStore(new StoreOptions());
        for (int i = 0; i < Groups; i++)
        {
            store.Push(Samples.Key($"j{i}"), PushFormat.Text,
                System.Text.Encoding.UTF8.GetBytes($"x{{n=\"{new Random(i).GetHexString(9000)}\"}} 1\n"), PushMode.Replace);
        }

        await using (var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions()))
        {
            copy.Start(TestContext.Current.CancellationToken);
            Assert.True(await copy.StopAsync());
        }

        BreakFile();
        var after = new MetricStore(new StoreOptions());
        await using (var copy = new DurableCopy("test", Open(), after, new DurableCopyOptions { Report = Notices.Add }))
        {
            Assert.True(copy.Start(TestContext.Current.CancellationToken).Replaced);
            Assert.Null(await copy.CommittedAsync());
            Assert.True(await copy.StopAsync());
        }

        Assert.Contains(Notices, static n => n.Event == DurableEvent.MovedDamaged);
        Assert.Equal(after.GroupCount, Load(out LoadReport report).Count);
        Assert.Equal((after.GroupCount, false), (report.Groups, report.Replaced));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_log_without_its_file_is_not_deleted(bool empty)
    {
        Save((Samples.Key("x"), [Samples.Family("a", "a 1\n")]));
        byte[] log = LeaveLog();
        System.IO.File.Delete(File);
        if (empty)
        {
            System.IO.File.WriteAllText(File, "");
        }

        Assert.Empty(Load(out _));
        DurableNotice moved = Assert.Single(Notices);
        Assert.Equal(DurableEvent.MovedDamaged, moved.Event);
        Assert.Equal(log, System.IO.File.ReadAllBytes(moved.Path));
    }

    // What a process that was killed leaves: the log is not written back.
    private byte[] LeaveLog()
    {
        byte[] file;
        byte[] log;
        using (IDurableStore store = Open())
        {
            Write(store, (Samples.Key("later"), [Samples.Family("a", "a 2\n")]));
            file = ReadShared(File);
            log = ReadShared(File + "-wal");
        }

        System.IO.File.WriteAllBytes(File, file);
        System.IO.File.WriteAllBytes(File + "-wal", log);
        return log;
    }

    private void Damage(bool withLog)
    {
        foreach (string file in System.IO.Directory.GetFiles(Directory))
        {
            System.IO.File.Delete(file);
        }

        Save([.. Enumerable.Range(0, Groups)
            .Select(static i => (Samples.Key($"j{i:d3}"), new[] { Samples.Family("a", new Random(i).GetHexString(8000)) }))]);
        if (withLog)
        {
            LeaveLog();
        }

        BreakFile();
    }

    private void BreakFile()
    {
        byte[] bytes = ReadShared(File);
        bytes.AsSpan(bytes.Length * 3 / 4, 16384 * 2).Fill(0xA5);
        System.IO.File.WriteAllBytes(File, bytes);
    }

    private bool TryReplace(string obstacle, out List<(GroupingKey Key, FamilyEntry[] Families)> salvaged)
    {
        var found = new List<(GroupingKey Key, FamilyEntry[] Families)>();
        salvaged = found;
        using var store = new SqliteStore(File, new ManualTime(), Notices.Add);
        store.Load((in group) => found.Add((group.Key, group.Families.ToArray())));
        if (!store.Incomplete)
        {
            return true;
        }

        DirectoryInfo? inTheWay = obstacle.Length > 0 ? System.IO.Directory.CreateDirectory(File + obstacle) : null;
        try
        {
            Write(store, salvaged);
            store.Completed();
            return true;
        }
        catch (DurableStoreException)
        {
            return false;
        }
        finally
        {
            inTheWay?.Delete();
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
