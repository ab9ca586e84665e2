namespace Exposition.Persistence.Tests.Disk;

/// <summary>What is left when the power fails. Killing a process shows nothing of that: the page cache survives it.</summary>
public class PowerLossTests : InDirectory
{
    private const int Seed = 6;
    private const int StepsOfSession = 6;

    [Fact]
    public void Whatever_was_committed_is_there_and_no_step_is_there_in_part() => Assert.Empty(Violations("FULL"));

    // The tests of the tests: without syncs they must find something.
    [Theory]
    [InlineData("OFF")]
    [InlineData("NORMAL")]
    public void Without_full_syncs_something_is_lost(string synchronous) => Assert.NotEmpty(Violations(synchronous));

    private List<string> Violations(string synchronous)
    {
        DiskLog log = RecordingVfs.Watch(Directory);
        try
        {
            // Three sessions: each close writes the log back into the file and removes it.
            for (int step = 1; step <= Workload.Steps;)
            {
                using var store = new SqliteStore(File, TimeProvider.System, Notices.Add) { Synchronous = synchronous };
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
        return Check(log, synchronous == "FULL" ? int.MaxValue : 1);
    }

    private static List<string> Check(DiskLog log, int most)
    {
        var violations = new List<string>();
        var random = new Random(Seed);
        for (int at = 0; at <= log.Count && violations.Count < most; at++)
        {
            // Around every sync and commit, and at every fifth other action.
            if (at % 5 != 0 && at != log.Count && log.At(at).Action is DiskAction.Write && log.At(at - 1).Action is DiskAction.Write)
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
                    violations.Add($"before action {at} of {log.Count} (seed {Seed}, attempt {attempt}): {committed} commits, found {found}; {notices}");
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
