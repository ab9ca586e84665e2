namespace Exposition.Persistence.Tests.Disk;

/// <summary>What is left when the power fails. Killing a process shows nothing of that: the page cache survives it.</summary>
public class PowerLossTests : InDirectory
{
    private const int Seed = 6;
    private const int StepsOfSession = 6;
    private const int SyncFailed = 10 | (4 << 8);

    [Fact]
    public void Whatever_was_committed_is_there_and_no_step_is_there_in_part() => Assert.Empty(Violations());

    // The tests of the tests: without syncs of the file, or of its log, they must find something.
    [Theory]
    [InlineData("data")]
    [InlineData("data-wal")]
    public void Without_syncs_something_is_lost(string file) => Assert.NotEmpty(Violations(file));

    // What a sync has failed for is not on disk, whatever the next sync says: it must be written again, and nothing may be appended behind
    // it.
    [Fact]
    public void A_sync_that_failed_is_never_taken_for_one_that_was_good()
    {
        const int Steps = 6;
        int syncs = 0;
        for (int at = 0; ; at++)
        {
            string directory = System.IO.Directory.CreateDirectory(Path.Combine(Directory, $"{at}")).FullName;
            DiskLog log = RecordingVfs.Watch(directory);
            int seen = 0;
            try
            {
                log.Fault = operation => operation.Action == DiskAction.Sync && seen++ == at ? SyncFailed : 0;
                using var store = new SqliteStore(Path.Combine(directory, "data"), TimeProvider.System, Notices.Add);
                store.Load(static (in _) => { });
                for (int step = 1; step <= Steps; step++)
                {
                    try
                    {
                        Workload.Run(store, step);
                    }
                    catch (DurableStoreException)
                    {
                        Workload.Run(store, step);
                    }

                    log.Committed();
                }
            }
            finally
            {
                RecordingVfs.Forget(log);
            }

            List<string> violations = Check(log, 1, static (log, at) => at == log.Count || log.At(at).Action == DiskAction.Committed);
            Assert.True(violations.Count == 0, $"sync {at} failed: {violations.FirstOrDefault()}\n{log}");
            if (seen <= at)
            {
                break;
            }

            syncs++;
        }

        Assert.InRange(syncs, 8, 100);
    }

    private List<string> Violations(string? notSynced = null)
    {
        DiskLog log = RecordingVfs.Watch(Directory);
        log.IgnoresSync = file => file == notSynced;
        try
        {
            // Three sessions: each close writes the log back into the file and removes it.
            for (int step = 1; step <= Workload.Steps;)
            {
                using var store = new SqliteStore(File, TimeProvider.System, Notices.Add);
                store.Load(static (in _) => { });
                for (int i = 0; i < StepsOfSession; i++, step++)
                {
                    Workload.Run(store, step);
                    log.Committed();
                }
            }
        }
        finally
        {
            RecordingVfs.Forget(log);
        }

        Assert.Empty(Notices);
        return Check(log, notSynced is null ? int.MaxValue : 1, IsWorthIt);
    }

    // Around every sync and commit, and at every fifth other action.
    private static bool IsWorthIt(DiskLog log, int at) =>
        at % 5 == 0 || at == log.Count || log.At(at).Action is not DiskAction.Write || log.At(at - 1).Action is not DiskAction.Write;

    private static List<string> Check(DiskLog log, int most, Func<DiskLog, int, bool> isWorthIt)
    {
        var violations = new List<string>();
        var random = new Random(Seed);
        for (int at = 0; at <= log.Count && violations.Count < most; at++)
        {
            if (!isWorthIt(log, at))
            {
                continue;
            }

            for (int attempt = 0; attempt < 3; attempt++)
            {
                int committed = log.CommitsBefore(at);
                string[] expected = [Workload.StateAfter(committed), Workload.StateAfter(committed + 1)];
                (string found, string notices) = After(log, at, attempt == 0, random);
                if (!expected.Contains(found) || (notices.Length > 0 && committed > 0))
                {
                    violations.Add(
                        $"before action {at} of {log.Count} (seed {Seed}, attempt {attempt}): {committed} commits, found {found}; {notices}");
                }
            }
        }

        return violations;
    }

    private static (string Found, string Notices) After(DiskLog log, int at, bool loseAll, Random random)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("exposition-power").FullName;
        try
        {
            log.PowerLoss(directory, at, loseAll, random);
            var notices = new List<DurableNotice>();
            using var store = new SqliteStore(Path.Combine(directory, "data"), TimeProvider.System, notices.Add);
            return (Workload.Read(store), string.Join("; ", notices));
        }
        catch (DurableStoreException e)
        {
            return ("", e.Message);
        }
        finally
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }
}
