using Exposition.Engine;

namespace Exposition.Persistence.Tests.Disk;

/// <summary>Every write, sync, truncation and deletion fails in turn.</summary>
public class DiskFaultTests : InDirectory
{
    private const int Full = 13;
    private const int WriteFailed = 10 | (3 << 8);
    private const int SyncFailed = 10 | (4 << 8);
    private const int TruncateFailed = 10 | (6 << 8);
    private const int DeleteFailed = 10 | (10 << 8);
    private const int Steps = 6;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    [InlineData(true, 4)]
    public void A_fault_is_told_and_what_is_committed_after_it_is_there(bool full, int failures)
    {
        int faults = 0;
        for (int at = 0; ; at++)
        {
            string directory = System.IO.Directory.CreateDirectory(Path.Combine(Directory, $"{at}")).FullName;
            bool struck = Run(directory, at, full, failures);
            if (!struck)
            {
                break;
            }

            faults++;
            System.IO.Directory.Delete(directory, recursive: true);
        }

        Assert.InRange(faults, 20, 1000);
    }

    private static bool Run(string directory, int at, bool full, int failures)
    {
        int seen = 0;
        var notices = new List<DurableNotice>();
        DiskLog log = RecordingVfs.Watch(directory);
        string where = $"fault at {at}, full: {full}, {failures} times";
        try
        {
            log.Fault = operation =>
            {
                int number = seen++;
                return number < at || number >= at + failures ? 0
                    : full && operation.Action == DiskAction.Write ? Full
                    : operation.Action switch
                    {
                        DiskAction.Write => WriteFailed,
                        DiskAction.Sync => SyncFailed,
                        DiskAction.Truncate => TruncateFailed,
                        _ => DeleteFailed,
                    };
            };
            using (var store = new SqliteStore(Path.Combine(directory, "data"), TimeProvider.System, notices.Add))
            {
                store.Load(static (in _) => { });
                for (int step = 1; step <= Steps; step++)
                {
                    RunUntilDone(store, step, where);
                }
            }

            log.Fault = null;
            using var again = new SqliteStore(Path.Combine(directory, "data"), TimeProvider.System, notices.Add);
            Assert.Equal(Workload.StateAfter(Steps), Workload.Read(again));
            Assert.True(notices.Count == 0, $"{where}: {string.Join("; ", notices)}");
            return seen > at;
        }
        finally
        {
            RecordingVfs.Forget(log);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_fault_while_a_damaged_file_is_replaced_loses_nothing(int failures)
    {
        int at = 0;
        for (bool struck = true; struck; at++)
        {
            string directory = System.IO.Directory.CreateDirectory(Path.Combine(Directory, $"{at}")).FullName;
            string file = Path.Combine(directory, "data");
            using (var store = new SqliteStore(file, TimeProvider.System, Notices.Add))
            {
                Write(store, Enumerable.Range(0, 60)
                    .Select(static i => (Samples.Key($"j{i:d3}"), new[] { Samples.Family("a", new Random(i).GetHexString(8000)) })));
            }

            byte[] damaged = System.IO.File.ReadAllBytes(file);
            damaged.AsSpan(damaged.Length * 3 / 4, 16384 * 2).Fill(0xA5);
            System.IO.File.WriteAllBytes(file, damaged);
            DiskLog log = RecordingVfs.Watch(directory);
            try
            {
                int seen = 0;
                var kept = new List<(GroupingKey, FamilyEntry[])>();
                using (var store = new SqliteStore(file, TimeProvider.System, Notices.Add))
                {
                    Assert.True(store.Load((in group) => kept.Add((group.Key, group.Families.ToArray()))).Replaced);
                    log.Fault = operation => seen++ is var number && number >= at
                        && number < at + failures ? (operation.Action == DiskAction.Write ? Full : SyncFailed) : 0;
                    for (int attempt = 0; ; attempt++)
                    {
                        try
                        {
                            Write(store, kept);
                            store.Completed();
                            break;
                        }
                        catch (DurableStoreException e)
                        {
                            Assert.True(attempt < 10, $"fault at {at}: does not recover: {e.Message}");
                            Assert.True(store.Incomplete);
                        }
                    }
                }

                log.Fault = null;
                struck = seen > at;
                using var again = new SqliteStore(file, TimeProvider.System, Notices.Add);
                Assert.Equal(new LoadReport(kept.Count, 0, false), again.Load(static (in _) => { }));
                Assert.Contains(System.IO.Directory.GetFiles(directory), f => f != file
                    && System.IO.File.ReadAllBytes(f).AsSpan().SequenceEqual(damaged));
            }
            finally
            {
                RecordingVfs.Forget(log);
                System.IO.Directory.Delete(directory, recursive: true);
            }
        }

        Assert.InRange(at, 20, 1000);
    }

    // As the durable copy does it: a step that failed is tried again.
    private static void RunUntilDone(SqliteStore store, int step, string where)
    {
        for (int failed = 0; ; failed++)
        {
            try
            {
                Workload.Run(store, step);
                return;
            }
            catch (DurableStoreException e)
            {
                Assert.True(e.Fault == DurableFault.Unavailable, $"{where}: {e.Fault}: {e.Message}");
                Assert.True(failed < 10, $"{where}: does not recover: {e.Message}");
            }
        }
    }
}
