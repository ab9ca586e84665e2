using System.Diagnostics;
using Exposition.Engine;

namespace Exposition.Persistence.Tests.Disk;

/// <summary>How much goes to the disk, in the log and in the file, checkpoints and the final close included.</summary>
[Collection(nameof(CountedAlone))]
public class WrittenBytesTests : InDirectory
{
    private const int Groups = 24;
    private const int Series = 550;
    private const int Rounds = 24;

    [Fact]
    public void A_changed_series_of_a_repeated_shape_costs_less_than_thirty_bytes()
    {
        var store = new MetricStore(new StoreOptions());
        Flink[] jobs = [.. Enumerable.Range(0, Groups).Select(static i => new Flink(i, Series))];
        DiskLog log = RecordingVfs.Watch(Directory);
        try
        {
            long changed = 0, pushed = 0, text = 0;
            int firstAction;
            var writing = new Stopwatch();
            using (IDurableStore durable = Open())
            {
                Round(store, jobs, durable);
                firstAction = log.Count;
                for (int round = 0; round < Rounds; round++)
                {
                    changed += jobs.Sum(static job => job.Change(0.4));
                    text += Round(store, jobs, durable, writing);
                    pushed += Groups * Series;
                }
            }

            long log0 = Written(log, firstAction, "data-wal"), file = Written(log, firstAction, "data");
            TestContext.Current.SendDiagnosticMessage(
                $"{(double)(log0 + file) / changed:f1} bytes per changed series ({(double)(log0 + file) / pushed:f1} per pushed series; "
                    + $"log {log0}, file {file}, text {text}), "
                + $"{writing.Elapsed.TotalMilliseconds / (text / 1e6):f2} ms per MB of text");
            Assert.InRange((double)(log0 + file) / changed, 1, 25);
        }
        finally
        {
            RecordingVfs.Forget(log);
        }

        Assert.Equal([.. Snapshots(store)], Load(out _).Order(StringComparer.Ordinal));
    }

    // 10,000 small groups a second were 160 MB/s of journals of single statements, when triggers kept two tables together. With a trigger,
    // this shows them.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Small_groups_cost_what_they_are_long(bool trigger)
    {
        const int Count = 3000;
        DiskLog log = RecordingVfs.Watch(Directory);
        try
        {
            Save();
            if (trigger)
            {
                using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={File};Pooling=False");
                connection.Open();
                using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
                command.CommandText =
                    "PRAGMA locking_mode = EXCLUSIVE; CREATE TRIGGER t AFTER UPDATE OF content ON groups BEGIN DELETE FROM shapes WHERE "
                    + "id = new.id; END";
                command.ExecuteNonQuery();
            }

            int journals = RecordingVfs.StatementJournals;
            using IDurableStore durable = Open();
            for (int round = 0; round < 3; round++)
            {
                int first = log.Count;
                Write(durable, Enumerable.Range(0, Count).Select(
                    i => (Samples.Key($"j{i}"), new[] { Samples.Family("a", $"a{{n=\"{new Random(i).GetHexString(600)}\"}} {round}\n") })));
                Assert.InRange(Written(log, first, "data-wal"), Count * 600, Count * 1000);
            }

            Assert.Equal(trigger, RecordingVfs.StatementJournals > journals);
        }
        finally
        {
            RecordingVfs.Forget(log);
        }
    }

    private static long Round(MetricStore store, Flink[] jobs, IDurableStore durable, Stopwatch? writing = null)
    {
        long text = 0;
        for (int i = 0; i < jobs.Length; i++)
        {
            byte[] body = jobs[i].Body();
            text += body.Length;
            Assert.Equal(PushStatus.Stored, store.Push(Samples.Key($"flink{i}"), PushFormat.Text, body, PushMode.Replace).Status);
        }

        using StoreView view = store.OpenView();
        writing?.Start();
        using IDurableBatch batch = durable.Begin();
        foreach (GroupSnapshot group in view.Groups)
        {
            batch.Put(KeptGroup.Of(group, store), 1);
        }

        batch.Commit();
        writing?.Stop();
        return text;
    }

    private static long Written(DiskLog log, int first, string file) =>
        Enumerable.Range(first, log.Count - first).Select(log.At).Where(o => o.Action == DiskAction.Write && o.File == file)
            .Sum(static o => (long)o.Data!.Length);

    private static string[] Snapshots(MetricStore store)
    {
        using StoreView view = store.OpenView();
        var all = new List<string>();
        foreach (GroupSnapshot group in view.Groups)
        {
            all.Add(Samples.Show(group.Key, group.Families));
        }

        return [.. all.Order(StringComparer.Ordinal)];
    }
}

/// <summary>Beside these no other test writes: a journal of a statement has no name, so nobody knows whose it is.</summary>
[CollectionDefinition(nameof(CountedAlone), DisableParallelization = true)]
public class CountedAlone;
