using System.Text;
#if EXPLORED
using Exposition.Engine.Explore;
#endif
using Exposition.Formats;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>
/// Random histories against a naive model: dictionaries of strings, and the reference's own way to check a push, which is to gather
/// everything that would be stored and look for duplicates and contradictions.
/// </summary>
public sealed partial class ModelTests
{
    public enum Act
    {
        Delete,
        Put,
        Post,

        /// <summary>The last push once more, with other values.</summary>
        Again,
        Wipe,

        /// <summary>A push that does not read.</summary>
        Malformed,

        /// <summary>A push with a timestamp.</summary>
        Timed,

        /// <summary>A push that was refused before it came to the store.</summary>
        Note,

        /// <summary>Remembers what is there, as a durable copy does.</summary>
        Save,

        /// <summary>Puts what was remembered of a group back.</summary>
        Restore,

        /// <summary>The same with all groups that are not there, as a loading.</summary>
        Load,
    }

    // Wait: seconds before it. Expire: what the push asks for, in seconds.
    public sealed record Operation(Act Act, int Group, string[] Series, string Type, int Wait, int? Expire, PushFormat Format)
    {
        public bool IsPush => Act is Act.Put or Act.Post;

        public override string ToString() =>
            $"{Wait} s, then {Act} {s_groups[Group]} {Type} {string.Join(" ", Series)} as {Format}, expire after {Expire}";
    }

    private const int Grace = 9;
    private const string Reserved = "host";

    private static readonly GroupingKey[] s_groups =
    [
        Harness.Key("job", "a"), Harness.Key("job", "a", "instance", ""), Harness.Key("job", "a", "instance", "i"),
        Harness.Key("job", "a", "zone", "z"), Harness.Key("job", "b"),
    ];

    private static readonly string[] s_series =
        ["x", "x{zone=\"z\"}", "x{instance=\"i\"}", "x{zone=\"z\",instance=\"\"}", "y", "y{instance=\"i\"}", "x_count", "y{q=\"1\"}",
            "push_expired", Reserved];

    private static readonly ExpiryRule[] s_rules =
    [
        new(GroupSelector.Parse("{job=\"b\"}"), TimeSpan.FromSeconds(7)),
        new(GroupSelector.Parse("{zone!=\"\"}"), TimeSpan.Zero),
        new(null, TimeSpan.FromSeconds(4)),
    ];

    private static readonly int?[] s_ruleAfter = [4, 4, 4, null, 7];

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void The_store_agrees_with_the_model(Operation[] history) => Run(history, expires: false);

    // As if each push were one of many families.
    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void A_store_that_takes_all_in_steps_agrees_with_the_model(Operation[] history) =>
        Run(history, expires: true, mostGroups: 3, mostNameSets: 2, familiesAtOnce: 1);

    // Two refusals of a group for one reason at one instant.
    [Property(Replay = "15996778935024709509,9459150836645816119,76", Arbitrary = [typeof(Histories)])]
    public void The_same_refusal_twice_at_one_instant(Operation[] history) => Run(history, expires: false);

    [Property(MaxTest = 200, Arbitrary = [typeof(Histories)])]
    public void A_store_at_its_limits_agrees_with_the_model(Operation[] history) =>
        Run(history, expires: true, mostGroups: 3, mostNameSets: 2);

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void A_store_whose_groups_expire_agrees_with_the_model(Operation[] history) => Run(history, expires: true);

    // What is hidden depends on the order of arrival and on who came free first; but what is shown never contradicts itself, nothing is
    // lost, and nothing is hidden without need.
    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void An_unchecked_store_hides_what_it_must_and_no_more(Operation[] history) => RunUnchecked(history);

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void An_unchecked_store_that_takes_all_in_steps_hides_what_it_must_and_no_more(Operation[] history) =>
        RunUnchecked(history, familiesAtOnce: 1);

    private static void RunUnchecked(Operation[] history, int? familiesAtOnce = null)
    {
        var gateway = new Harness(check: false, grace: TimeSpan.FromSeconds(Grace), rules: s_rules);
        gateway.Store.FamiliesAtOnce = familiesAtOnce ?? gateway.Store.FamiliesAtOnce;
        gateway.Store.ReserveFamily(Encoding.UTF8.GetBytes(Reserved), MetricType.Gauge);
        var model = new Dictionary<int, Group>();
        var saved = new Dictionary<int, Saved>();
        int step = 0;
        Operation? last = null;
        foreach (Operation operation in history.Select(o => Resolve(o, ref last)))
        {
            step++;
            (byte[] body, SortedDictionary<string, Family> pushed) = Body(operation, step);
            if (pushed.Values.Any(static family => family.Type == "broken"))
            {
                continue;
            }

            gateway.Clock.Advance(operation.Wait);
            int[] back = Back(operation, model, saved, check: false);
            Execute(gateway, operation, body, back, saved, expires: true);
            Look(model, gateway.Clock.Now);
            Apply(model, operation, pushed, gateway.Clock.Now, expires: true, check: false);
            PutBack(model, saved, back, gateway.Clock.Now);
            Save(operation, model, saved, gateway.Store);
            using StoreView view = gateway.Store.OpenView();
            var shown = new Dictionary<int, Group>();
            var hidden = new List<(int Group, string Name)>();
            foreach (GroupSnapshot snapshot in view.Groups)
            {
                int group = Array.IndexOf(s_groups, snapshot.Key);
                shown[group] = new Group(new SortedDictionary<string, Family>(model[group].Families, StringComparer.Ordinal));
                Assert.Equal(
                    model[group].Families.Keys, snapshot.Families.ToArray().Select(static f => Encoding.UTF8.GetString(f.Name.Span)));
                foreach (HiddenFamily family in snapshot.Hidden)
                {
                    string name = Encoding.UTF8.GetString(family.Name.Span);
                    Assert.True(shown[group].Families.Remove(name), $"{name} is hidden twice");
                    hidden.Add((group, name));
                }
            }

            Assert.Equal(model.Keys.Order(), shown.Keys.Order());
            Assert.Equal(hidden.Count, gateway.Store.HiddenFamilies);
            Recount.Check(gateway.Store);
            Assert.True(Consistent(shown, -1, []), $"step {step}: {operation}\n{gateway.Text()}");
            Assert.Equal(Expose(shown), gateway.Text());
            foreach ((int group, string name) in hidden)
            {
                var with = new SortedDictionary<string,
                    Family>(shown[group].Families, StringComparer.Ordinal)
                { [name] = model[group].Families[name] };
                Assert.False(Consistent(shown, group, with), $"step {step}: {name} of {s_groups[group]} need not be hidden");
            }
        }
    }

#if EXPLORED
    // The checker itself: it must find these in some history.
    [Theory]
    [InlineData(StoreFaults.ReusesBlocksBlindly)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly)]
    [InlineData(StoreFaults.TakesSilently)]
    [InlineData(StoreFaults.TellsNobody)]
    [InlineData(StoreFaults.RevivesTheDue)]
    internal void A_fault_is_found(StoreFaults faults)
    {
        using IDisposable planted = Explored.Plant(faults);
        Gen<Operation[]> histories = Histories.History().Generator;
        Assert.Contains(Enumerable.Range(0, 2000), i => Record.Exception(
            () => Run(histories.Sample(30, new Rnd((ulong)i, 1), 1).Single(), expires: true)) is not null);
    }
#endif

    private static void Run(
        Operation[] history, bool expires, int mostGroups = 0, int mostNameSets = 0, int? familiesAtOnce = null)
    {
        var gateway = new Harness(grace: TimeSpan.FromSeconds(Grace), mostGroups: mostGroups, mostNameSets: mostNameSets,
            rules: expires ? s_rules : []);
        gateway.Store.FamiliesAtOnce = familiesAtOnce ?? gateway.Store.FamiliesAtOnce;
        gateway.Store.ReserveFamily(Encoding.UTF8.GetBytes(Reserved), MetricType.Gauge);
        var model = new Dictionary<int, Group>();
        var saved = new Dictionary<int, Saved>();
        int step = 0;
        Operation? last = null;
        var follower = new Follower(gateway.Store);
        using var bystander = new Bystander(gateway.Store);
        foreach (Operation operation in history.Select(o => Resolve(o, ref last)))
        {
            step++;
            gateway.Clock.Advance(operation.Wait);
            (byte[] body, SortedDictionary<string, Family> pushed) = Body(operation, step);
            var then = new Dictionary<int, Group>(model.ToDictionary(static pair => pair.Key, static pair => pair.Value.Copy()));
            Look(then, gateway.Clock.Now);
            int[] back = Back(operation, then, saved, check: true);
            object? outcome = Execute(gateway, operation, body, back, saved, expires);
            Look(model, gateway.Clock.Now);
            object? expected = Exceeded(model, operation, pushed, mostGroups, mostNameSets)
                ?? Apply(model, operation, pushed, gateway.Clock.Now, expires, check: true);
            Assert.True(Equals(expected, outcome is PushOutcome push ? push.Status : outcome),
                $"step {step}: {outcome} of {operation} instead of {expected}\n{Encoding.UTF8.GetString(body)}");
            PutBack(model, saved, back, gateway.Clock.Now);
            foreach (int group in back)
            {
                follower.IsNotTold(s_groups[group]);
            }

            Assert.Equal(Expose(Shown(model)), gateway.Text());
            long hidden = model.Values.Sum(static g => g.Families.Count(static f => IsHiddenByHost(f.Key, f.Value)));
            Assert.Equal((model.Count, model.Values.Count(static g => g.IsExpired), hidden),
                (gateway.Store.GroupCount, gateway.Store.ExpiredGroups, gateway.Store.HiddenFamilies));
            Assert.Equal(model.Values.Sum(static g => g.Families.Values.Sum(static f => f.Series.Count * (f.Type == "summary" ? 2 : 1))),
                gateway.Store.SampleCount);
            Recount.Check(gateway.Store);
            foreach ((int group, Group state) in model)
            {
                GroupSnapshot snapshot = gateway.Group(s_groups[group])!;
                Assert.Equal((Nanoseconds(state.ExpiresAt), state.IsExpired, state.HasExplicitExpiry),
                    (snapshot.ExpiresAt, snapshot.IsExpired, snapshot.HasExplicitExpiry));
                Assert.Equal(Nanoseconds(state.FailedAt), snapshot.LastFailure?.At ?? 0);
            }

            Save(operation, model, saved, gateway.Store);
            bystander.Check(lookAnew: (step + operation.Group) % 3 == 0);
            if ((step + operation.Group) % 2 == 0)
            {
                follower.Check();
            }
        }

        follower.Check();
    }

    private static long Nanoseconds(DateTimeOffset? time) => time?.ToUnixTimeSeconds() * 1_000_000_000 ?? 0;

    // What a durable copy keeps of a group, and what the model has of it.
    private sealed record Saved(FamilyEntry[] Families, long? ExpiresAt, PushFailure? LastFailure, Group Group);

    private static void Save(Operation operation, Dictionary<int, Group> model, Dictionary<int, Saved> saved, MetricStore store)
    {
        if (operation.Act != Act.Save)
        {
            return;
        }

        using StoreView view = store.OpenView();
        foreach (GroupSnapshot snapshot in view.Groups)
        {
            int group = Array.IndexOf(s_groups, snapshot.Key);
            saved[group] = new Saved(
                [.. snapshot.Families.ToArray().Select(static f => f with
                    { Name = f.Name.ToArray(), Help = f.Help.ToArray(), Text = f.Text.ToArray(), Sidecar = f.Sidecar.ToArray() })],
                snapshot.HasExplicitExpiry ? snapshot.ExpiresAt : null,
                snapshot.LastFailure,
                model[group].Copy());
        }
    }

    // The groups that an operation puts back. A checked store hides what contradicts others, too; that is for another test.
    private static int[] Back(Operation operation, Dictionary<int, Group> model, Dictionary<int, Saved> saved, bool check)
    {
        var then = new Dictionary<int, Group>(model);
        var back = new List<int>();
        foreach (int group in saved.Keys.Order())
        {
            if ((operation.Act == Act.Restore ? group == operation.Group : operation.Act == Act.Load && !model.ContainsKey(group))
                && (!check || Fits(then, group, saved[group].Group.Families)))
            {
                then[group] = saved[group].Group;
                back.Add(group);
            }
        }

        return [.. back];
    }

    private static void PutBack(Dictionary<int, Group> model, Dictionary<int, Saved> saved, int[] back, DateTimeOffset now)
    {
        foreach (int group in back)
        {
            model[group] = saved[group].Group.Copy();
        }

        Look(model, now);
    }

    // Who has a view open for a while sees the same all the time, whatever is used again meanwhile.
    private sealed class Bystander(MetricStore store) : IDisposable
    {
        private StoreView _view = store.OpenView();
        private string _content = "";

        public void Check(bool lookAnew)
        {
            Assert.Equal(_content, Content(_view));
            if (lookAnew)
            {
                _view.Dispose();
                _view = store.OpenView();
                _content = Content(_view);
            }
        }

        public void Dispose() => _view.Dispose();
    }

    // Who follows the feed has what the store has, each time that he has taken; versions of a group increase; what he holds stays as it
    // was.
    private sealed class Follower(MetricStore store)
    {
        private readonly ChangeFeed _feed = store.Subscribe();
        private readonly SortedDictionary<GroupingKey,
            (long Version, GroupSnapshot? Snapshot, PushFailure? Failure, string Content)> _groups = [];
        private readonly HashSet<GroupingKey> _untold = [];

        public void IsNotTold(GroupingKey key) => _untold.Add(key);

        public void Check()
        {
            foreach ((GroupingKey key, (_, GroupSnapshot? snapshot, _, string content)) in _groups)
            {
                Assert.True(snapshot is null || content == Content(snapshot));
            }

            var changes = new List<FeedChange>();
            Assert.Equal(_feed.Pending, _feed.Take(changes));
            Assert.Equal(changes.Count, changes.DistinctBy(static change => change.Key).Count());
            Assert.Equal((0, null), (_feed.Pending, _feed.PendingSince));
            foreach (FeedChange change in changes)
            {
                PushFailure? failure = change.Snapshot?.LastFailure;
                Assert.True(!_groups.TryGetValue(
                    change.Key, out (long Version, GroupSnapshot? Snapshot, PushFailure? Failure, string Content) before)
                    || change.Version > before.Version || (change.Version == before.Version && !ReferenceEquals(failure, before.Failure)));
                _groups[change.Key] = (change.Version, change.Snapshot, failure, change.Snapshot is { } snapshot ? Content(snapshot) : "");
                _untold.Remove(change.Key);
            }

            using StoreView view = store.OpenView();
            foreach (GroupSnapshot group in view.Groups.ToArray().Where(group => _untold.Contains(group.Key)))
            {
                _groups[group.Key] = (_groups.GetValueOrDefault(group.Key).Version, null, group.LastFailure, Content(group));
            }

            _untold.Clear();
            Assert.Equal(Content(view), string.Concat(_groups.Values.Select(static group => group.Content)));
        }
    }

    private static string Content(StoreView view) => string.Concat(view.Groups.ToArray().Select(Content));

    private static string Content(GroupSnapshot group) =>
        $"{group.Key} {group.ExpiresAt} {group.IsExpired}\n"
            + string.Concat(group.Families.ToArray().Select(static family => Encoding.UTF8.GetString(family.Text.Span)));

    private static object? Execute(
        Harness gateway, Operation operation, byte[] body, int[] back, Dictionary<int, Saved> saved, bool expires)
    {
        TimeSpan? after = expires && operation.Expire is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        GroupingKey key = s_groups[operation.Group];
        MetricStore store = gateway.Store;
        switch (operation.Act)
        {
            case Act.Delete:
                return store.Delete(key);
            case Act.Wipe:
                return store.Wipe();
            case Act.Malformed:
                return gateway.Push(key, "x{\n", PushMode.Merge, new PushDetails(after));
            case Act.Timed:
                return gateway.Push(key, "x 1 1000\n", PushMode.Merge, new PushDetails(after));
            case Act.Note:
                store.NoteFailure(key, $"noted at {gateway.Clock.Now}", "somebody");
                return null;
            case Act.Save:
                return null;
            case Act.Restore:
                Restore(store, back, saved);
                return null;
            case Act.Load:
                int before = store.GroupCount;
                using (store.BeginLoading())
                {
                    Restore(store, back, saved);
                    Assert.Equal(before, store.GroupCount);
                }

                return null;
            default:
                return gateway.Push(
                    key, operation.Format, body, operation.Act == Act.Put ? PushMode.Replace : PushMode.Merge, new PushDetails(after));
        }
    }

    private static void Restore(MetricStore store, int[] back, Dictionary<int, Saved> saved)
    {
        foreach (int group in back)
        {
            store.Restore(s_groups[group], saved[group].Families, saved[group].ExpiresAt, saved[group].LastFailure);
        }
    }

    // So that also the short way of pushes is gone.
    private static Operation Resolve(Operation operation, ref Operation? last)
    {
        Operation resolved = operation.Act != Act.Again ? operation
            : last is null ? operation with { Act = Act.Put } : last with { Wait = operation.Wait, Expire = operation.Expire };
        last = resolved.IsPush ? resolved : last;
        return resolved;
    }

    public static class Histories
    {
        public static Arbitrary<Operation[]> History() =>
            (from act in Gen.Frequency(
                    (3, Gen.Constant(Act.Delete)), (6, Gen.Constant(Act.Put)), (10, Gen.Constant(Act.Post)), (12, Gen.Constant(Act.Again)),
                        (1, Gen.Constant(Act.Wipe)),
                    (4, Gen.Elements(Act.Malformed, Act.Timed, Act.Note)), (2, Gen.Constant(Act.Save)),
                        (3, Gen.Elements(Act.Restore, Act.Load)))
             from groupIndex in Gen.Choose(0, s_groups.Length - 1)
             from series in Gen.Elements(s_series).ArrayOf().Resize(8)
             from type in Gen.Elements("gauge", "gauge", "gauge", "counter", "summary")
             from wait in Gen.Elements(0, 0, 0, 0, 1, 3, 4, 8, 20)
             from expire in Gen.Elements<int?>(null, null, null, 0, 2, 12)
             from format in Gen.Frequency(
                 (6, Gen.Constant(PushFormat.Text)), (1, Gen.Constant(PushFormat.Protobuf)), (1, Gen.Constant(PushFormat.OpenMetrics)))
             select new Operation(act, groupIndex, series, type, wait, expire, format)).ArrayOf().Resize(16).ToArbitrary();
    }
}
