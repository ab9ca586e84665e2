using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Persistence.Sqlite;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Tests;

/// <summary>Sums, ids, modes and sources survive a restart together.</summary>
public sealed class AddingRestartTests : InDirectory
{
    private static readonly GroupingKey s_key = Samples.Key("j");

    [Fact]
    public async Task An_id_counts_once_across_restarts_and_one_with_another_body_is_refused()
    {
        await RunAsync(store => Assert.True(Add(store, 1, "a").IsStored));
        for (int restart = 0; restart < 3; restart++)
        {
            await RunAsync(store =>
            {
                Assert.True(Add(store, 1, "a").IsStored);
                Assert.Equal(PushStatus.IdReused, Add(store, 2, "a").Status);
                Assert.True(Add(store, 1, $"b{restart}").IsStored);
                Assert.Equal(restart + 2, Value(store));
            });
        }
    }

    [Fact]
    public async Task A_commit_writes_the_new_ids_only()
    {
        var store = new MetricStore(new StoreOptions());
        using var file = new SqliteStore(File, TimeProvider.System, static _ => { });
        file.Load(static (in _) => { });
        var sizes = new List<long>();
        for (int i = 0; i < 200; i++)
        {
            Assert.True(Add(store, 1, $"id {i}").IsStored);
            using IDurableBatch batch = ((IDurableStore)file).Begin();
            using StoreView view = store.OpenView();
            batch.Put(KeptGroup.Of(view.Groups[0], store), i);
            sizes.Add(batch.Bytes);
            batch.Commit();
        }

        Assert.InRange(sizes[^1], 1, sizes[0] + 20);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task The_key_of_ids_is_in_the_file_also_where_the_commit_that_brought_it_was_rolled_back()
    {
        using (var file = new SqliteStore(File, TimeProvider.System, static _ => { }))
        {
            file.Load(static (in _) => { });
            var first = new MetricStore(new StoreOptions());
            Assert.True(Add(first, 1, "a").IsStored);
            Put(file, first, commits: true);

            // Of another key.
            var second = new MetricStore(new StoreOptions());
            Assert.True(Add(second, 1, "b").IsStored);
            Put(file, second, commits: false);
            Put(file, second, commits: true);
        }

        await RunAsync(store =>
        {
            Assert.True(Add(store, 1, "b").IsStored);
            Assert.Equal((1, 1), (Value(store), store.RepeatedIds));
        });

        static void Put(SqliteStore file, MetricStore store, bool commits)
        {
            using IDurableBatch batch = ((IDurableStore)file).Begin();
            using StoreView view = store.OpenView();
            batch.Put(KeptGroup.Of(view.Groups[0], store), 1);
            if (commits)
            {
                batch.Commit();
            }
        }
    }

    [Fact]
    public async Task A_total_that_comes_late_changes_nothing_after_a_restart_either()
    {
        await RunAsync(store => Count(store, "a", 10, 2, time: 1));
        await RunAsync(store => Count(store, "a", 12, 2, time: 3));
        await RunAsync(store =>
        {
            Count(store, "a", 10, 2, time: 2);
            Assert.Equal(12, Value(store));
            Count(store, "a", 14, 2, time: 4);
            Assert.Equal(14, Value(store));
        });
    }

    [Fact]
    public async Task A_group_that_was_deleted_and_made_again_does_not_know_the_ids_of_before()
    {
        await RunAsync(store => Assert.True(Add(store, 1, "a").IsStored));
        await RunAsync(store =>
        {
            store.Delete(s_key);
            Assert.True(Add(store, 1, "b").IsStored);
        });
        await RunAsync(store =>
        {
            Assert.True(Add(store, 1, "a").IsStored);
            Assert.True(Add(store, 1, "b").IsStored);
            Assert.Equal(2, Value(store));
        });
    }

    [Fact]
    public async Task Without_ids_the_file_is_one_that_the_version_before_knows()
    {
        await RunAsync(store => Assert.True(Add(store, 1, "").IsStored));
        Assert.Equal(2L, Number("PRAGMA user_version"));
        await RunAsync(store => Assert.True(Add(store, 1, "a").IsStored));
        Assert.Equal((long)IdRows.SchemaVersion, Number("PRAGMA user_version"));
    }

    [Fact]
    public async Task Damaged_ids_are_told_and_cost_the_group_nothing_else()
    {
        await RunAsync(store => Assert.True(Add(store, 5, "a").IsStored));
        using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand break_ = connection.CreateCommand();
            break_.CommandText = "UPDATE push_ids SET content = x'0102'";
            Assert.Equal(1, break_.ExecuteNonQuery());
        }

        var notices = new List<DurableNotice>();
        await RunAsync(store => Assert.Equal(5, Value(store)), notices.Add);
        Assert.Contains(notices, static notice =>
            notice.Event == DurableEvent.DamagedGroup && notice.Detail == "{job=\"j\"} (ids of its last pushes)");
    }

    [Fact]
    public async Task A_snapshot_has_the_ids_and_their_key()
    {
        var store = new MetricStore(new StoreOptions());
        Assert.True(Add(store, 1, "a").IsStored);
        DurableSnapshot.Write(File + ".snapshot", store);
        var other = new MetricStore(new StoreOptions());
        DurableSnapshot.Read(File + ".snapshot", (in group) => group.RestoreInto(other), static _ => { });
        Assert.True(Add(other, 1, "a").IsStored);
        Assert.Equal((1, 1), (Value(other), other.RepeatedIds));
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public async Task Sources_go_on_from_what_they_had(int series)
    {
        await RunAsync(store => Count(store, "a", 5, series));
        await RunAsync(store => Count(store, "b", 7, series));
        await RunAsync(store =>
        {
            Count(store, "a", 6, series);
            Assert.Equal(13, Value(store));
            Assert.Equal(PushMode.Cumulative, store.OpenView().Groups[0].Memory!.Mode);
        });
    }

    [Property(MaxTest = 15)]
    public Property A_restart_after_any_push_changes_no_sum(PositiveInt seed) => Prop.ForAll(
        Gen.Choose(0, 1_000_000).ToArbitrary(), start =>
        {
            var random = new Random(start + seed.Get);
            string path = $"{File} {Guid.NewGuid():N}";
            var ids = new HashSet<string>();
            for (int run = 0; run < 3; run++)
            {
                Run(path, store =>
                {
                    Assert.Equal(ids.Count, ids.Count == 0 ? 0 : Value(store));
                    for (int i = random.Next(30); i >= 0; i--)
                    {
                        string id = $"id {random.Next(40)}";
                        Assert.True(Add(store, 1, id).IsStored);
                        ids.Add(id);
                        Assert.Equal(ids.Count, Value(store));
                    }
                });
            }
        });

    private static PushOutcome Add(MetricStore store, int value, string id) => store.Push(
        s_key, PushFormat.Text, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"# TYPE c counter\nc {value}\n")),
        PushMode.Add, new PushDetails { Id = Encoding.ASCII.GetBytes(id) });

    private static void Count(MetricStore store, string source, int value, int series, long time = 0) => store.Push(
        s_key, PushFormat.Text, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, series).Select(
            i => (i == 0 ? "# TYPE c counter\n" : "") + string.Create(CultureInfo.InvariantCulture, $"c{{i=\"{i}\"}} {value}\n")))),
        PushMode.Cumulative, new PushDetails
        {
            Source = Encoding.ASCII.GetBytes(source),
            Parts = time == 0 ? null : new([PushMode.Cumulative], [.. Enumerable.Repeat(time, series)]),
        }).ThrowIfRefused();

    private static int Value(MetricStore store)
    {
        using StoreView view = store.OpenView();
        Assert.True(view.Groups[0].TryGet("c"u8, out FamilyEntry entry));
        string text = Encoding.ASCII.GetString(entry.Text.Span);
        string value = text[(text.IndexOf(' ', StringComparison.Ordinal) + 1)..text.IndexOf('\n', StringComparison.Ordinal)];
        return int.Parse(value, CultureInfo.InvariantCulture);
    }

    private long Number(string query)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = query;
        return (long)command.ExecuteScalar()!;
    }

    private Task RunAsync(Action<MetricStore> use, Action<DurableNotice>? report = null)
    {
        Run(File, use, report);
        return Task.CompletedTask;
    }

    private static void Run(string path, Action<MetricStore> use, Action<DurableNotice>? report = null)
    {
        var store = new MetricStore(new StoreOptions());
        using var file = new SqliteStore(path, TimeProvider.System, report ?? (static _ => { }));
        var copy = new DurableCopy(path, file, store, new DurableCopyOptions());
        copy.Start(TestContext.Current.CancellationToken);
        use(store);
        Assert.True(copy.StopAsync().GetAwaiter().GetResult());
    }
}
