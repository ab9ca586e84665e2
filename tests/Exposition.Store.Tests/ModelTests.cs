using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Store.Tests;

/// <summary>
/// Random histories against a naive model: dictionaries of strings, and the reference's own way to check a push, which is to gather
/// everything that would be stored and look for duplicates and contradictions.
/// </summary>
public sealed class ModelTests
{
    // Kind: 0 deletes, 1 is a PUT, 2 a POST, 3 the last push once more, 4 wipes. Wait: seconds before it. Expire: what the push asks for, in seconds.
    public sealed record Operation(int Kind, int Group, string[] Series, string Type, int Wait, int? Expire)
    {
        public override string ToString() => $"{Wait} s, then {(Kind == 0 ? "DELETE" : Kind == 1 ? "PUT" : Kind == 2 ? "POST" : Kind == 3 ? "again" : "WIPE")} "
            + $"{s_groups[Group]} {Type} {string.Join(" ", Series)} expire after {Expire}";
    }

    private const int Grace = 9;

    private static readonly GroupingKey[] s_groups =
    [
        Harness.Key("job", "a"), Harness.Key("job", "a", "instance", ""), Harness.Key("job", "a", "instance", "i"),
        Harness.Key("job", "a", "zone", "z"), Harness.Key("job", "b"),
    ];

    private static readonly string[] s_series =
        ["x", "x{zone=\"z\"}", "x{instance=\"i\"}", "x{zone=\"z\",instance=\"\"}", "y", "y{instance=\"i\"}", "x_count", "y{q=\"1\"}", "push_expired"];

    private static readonly ExpiryRule[] s_rules =
    [
        new(GroupSelector.Parse("{job=\"b\"}"), TimeSpan.FromSeconds(7)),
        new(GroupSelector.Parse("{zone!=\"\"}"), TimeSpan.Zero),
        new(null, TimeSpan.FromSeconds(4)),
    ];

    private static readonly int?[] s_ruleAfter = [4, 4, 4, null, 7];

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void The_store_agrees_with_the_model(Operation[] history) => Run(history, expires: false);

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void A_store_whose_groups_expire_agrees_with_the_model(Operation[] history) => Run(history, expires: true);

    // What is hidden depends on the order of arrival and on who came free first; but what is shown never contradicts itself, nothing is lost, and
    // nothing is hidden without need.
    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void An_unchecked_store_hides_what_it_must_and_no_more(Operation[] history)
    {
        var gateway = new Harness(check: false, grace: TimeSpan.FromSeconds(Grace), rules: s_rules);
        var model = new Dictionary<int, Group>();
        int step = 0;
        Operation? last = null;
        foreach (Operation operation in history.Select(o => Resolve(o, ref last)))
        {
            step++;
            (string body, SortedDictionary<string, Family> pushed) = Body(operation, step);
            if (pushed.Values.Any(static family => family.Type == "broken"))
            {
                continue;
            }

            gateway.Clock.Advance(operation.Wait);
            Execute(gateway, operation, body, expires: true);
            Look(model, gateway.Clock.Now);
            Apply(model, operation, pushed, gateway.Clock.Now, expires: true, check: false);
            using StoreView view = gateway.Store.OpenView();
            var shown = new Dictionary<int, Group>();
            var hidden = new List<(int Group, string Name)>();
            foreach (GroupSnapshot snapshot in view.Groups)
            {
                int group = Array.IndexOf(s_groups, snapshot.Key);
                shown[group] = new Group(new SortedDictionary<string, Family>(model[group].Families, StringComparer.Ordinal));
                Assert.Equal(model[group].Families.Keys, snapshot.Families.ToArray().Select(static f => Encoding.UTF8.GetString(f.Name.Span)));
                foreach (HiddenFamily family in snapshot.Hidden)
                {
                    string name = Encoding.UTF8.GetString(family.Name.Span);
                    Assert.True(shown[group].Families.Remove(name), $"{name} is hidden twice");
                    hidden.Add((group, name));
                }
            }

            Assert.Equal(model.Keys.Order(), shown.Keys.Order());
            Assert.Equal(hidden.Count, gateway.Store.HiddenFamilies);
            Assert.True(Consistent(shown, -1, []), $"step {step}: {operation}\n{gateway.Text()}");
            Assert.Equal(Expose(shown), gateway.Text());
            foreach ((int group, string name) in hidden)
            {
                var with = new SortedDictionary<string, Family>(shown[group].Families, StringComparer.Ordinal) { [name] = model[group].Families[name] };
                Assert.False(Consistent(shown, group, with), $"step {step}: {name} of {s_groups[group]} need not be hidden");
            }
        }
    }

    private static void Run(Operation[] history, bool expires)
    {
        Harness gateway = expires ? new Harness(grace: TimeSpan.FromSeconds(Grace), rules: s_rules) : new Harness();
        var model = new Dictionary<int, Group>();
        int step = 0;
        Operation? last = null;
        var follower = new Follower(gateway.Store);
        using var bystander = new Bystander(gateway.Store);
        foreach (Operation operation in history.Select(o => Resolve(o, ref last)))
        {
            step++;
            gateway.Clock.Advance(operation.Wait);
            (string body, SortedDictionary<string, Family> pushed) = Body(operation, step);
            object outcome = Execute(gateway, operation, body, expires);
            Look(model, gateway.Clock.Now);
            object expected = Apply(model, operation, pushed, gateway.Clock.Now, expires, check: true);
            Assert.True(expected.Equals(outcome is PushOutcome push ? push.Status == PushStatus.Stored : outcome), $"step {step}: {outcome} of {operation}\n{body}");
            Assert.Equal(Expose(model), gateway.Text());
            Assert.Equal((model.Count, model.Values.Count(static g => g.IsExpired)), (gateway.Store.GroupCount, gateway.Store.ExpiredGroups));
            foreach ((int group, Group state) in model)
            {
                GroupSnapshot snapshot = gateway.Group(s_groups[group])!;
                Assert.Equal((state.ExpiresAt?.ToUnixTimeSeconds() * 1_000_000_000 ?? 0, state.IsExpired), (snapshot.ExpiresAt, snapshot.IsExpired));
            }

            bystander.Check(lookAnew: (step + operation.Group) % 3 == 0);
            if ((step + operation.Group) % 2 == 0)
            {
                follower.Check();
            }
        }

        follower.Check();
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

    // Who follows the feed has what the store has, each time that he has taken; versions of a group increase; what he holds stays as it was.
    private sealed class Follower(MetricStore store)
    {
        private readonly ChangeFeed _feed = store.Subscribe();
        private readonly SortedDictionary<GroupingKey, (long Version, GroupSnapshot? Snapshot, string Content)> _groups = [];

        public void Check()
        {
            foreach ((GroupingKey key, (_, GroupSnapshot? snapshot, string content)) in _groups)
            {
                Assert.Equal(content, snapshot is null ? "" : Content(snapshot));
            }

            var changes = new List<GroupChange>();
            Assert.Equal(_feed.Pending, _feed.Take(changes));
            Assert.Equal(changes.Count, changes.DistinctBy(static change => change.Key).Count());
            Assert.Equal((0, null), (_feed.Pending, _feed.PendingSince));
            foreach (GroupChange change in changes)
            {
                Assert.True(change.Version > (_groups.TryGetValue(change.Key, out (long Version, GroupSnapshot? Snapshot, string Content) before) ? before.Version : 0));
                _groups[change.Key] = (change.Version, change.Snapshot, change.Snapshot is { } snapshot ? Content(snapshot) : "");
            }

            using StoreView view = store.OpenView();
            Assert.Equal(Content(view), string.Concat(_groups.Values.Select(static group => group.Content)));
        }
    }

    private static string Content(StoreView view) => string.Concat(view.Groups.ToArray().Select(Content));

    private static string Content(GroupSnapshot group) =>
        $"{group.Key} {group.ExpiresAt} {group.IsExpired}\n" + string.Concat(group.Families.ToArray().Select(static family => Encoding.UTF8.GetString(family.Text.Span)));

    private static object Execute(Harness gateway, Operation operation, string body, bool expires)
    {
        TimeSpan? after = expires && operation.Expire is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        return operation.Kind == 0 ? gateway.Store.Delete(s_groups[operation.Group])
            : operation.Kind == 4 ? gateway.Store.Wipe()
            : gateway.Push(s_groups[operation.Group], body, operation.Kind == 1 ? PushMode.Replace : PushMode.Merge, new PushDetails(after));
    }

    // The last push once more, with other values: so that also the short way of pushes is gone.
    private static Operation Resolve(Operation operation, ref Operation? last)
    {
        Operation resolved = operation.Kind != 3 ? operation
            : last is null ? operation with { Kind = 1 } : last with { Wait = operation.Wait, Expire = operation.Expire };
        last = resolved.Kind is 1 or 2 ? resolved : last;
        return resolved;
    }

    private sealed class Group(SortedDictionary<string, Family> families)
    {
        public SortedDictionary<string, Family> Families { get; set; } = families;

        public DateTimeOffset? ExpiresAt { get; set; }

        public bool IsExpired => Families.ContainsKey("push_expired");
    }

    private static void Look(Dictionary<int, Group> model, DateTimeOffset now)
    {
        foreach ((int key, Group group) in model.ToArray())
        {
            if (!group.IsExpired && group.ExpiresAt <= now)
            {
                group.Families = new SortedDictionary<string, Family>(StringComparer.Ordinal)
                {
                    ["push_expired"] = Gauge(key, "1"),
                    ["push_failure_time_seconds"] = group.Families["push_failure_time_seconds"],
                    ["push_time_seconds"] = group.Families["push_time_seconds"],
                };
            }

            if (group.IsExpired && group.ExpiresAt!.Value.AddSeconds(Grace) <= now)
            {
                model.Remove(key);
            }
        }
    }

    private sealed record Family(string Type, SortedDictionary<string, string> Series);

    private static (string Body, SortedDictionary<string, Family> Families) Body(Operation operation, int value)
    {
        var families = new SortedDictionary<string, Family>(StringComparer.Ordinal);
        var body = new StringBuilder();
        foreach (IGrouping<string, string> family in operation.Series.Distinct().GroupBy(static s => s.Split('{')[0]))
        {
            // In one body a summary x takes x_count in, so the two can only meet in different pushes.
            if (family.Key == "x_count" && operation.Type == "summary")
            {
                continue;
            }

            string type = family.Key == "x_count" ? "gauge" : operation.Type;
            bool summary = type == "summary";
            body.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {type}\n");
            var series = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (string name in family)
            {
                string labels = name.Contains('{', StringComparison.Ordinal) ? name[name.IndexOf('{', StringComparison.Ordinal)..] : "";
                body.Append(CultureInfo.InvariantCulture, $"{family.Key}{(summary ? "_count" : "")}{labels} {value}\n");
                series[Labels(operation.Group, labels)] = value.ToString(CultureInfo.InvariantCulture);
            }

            if (family.Key == "push_expired")
            {
                // The store's own, and left out.
                continue;
            }

            // Two series of the body that become one by the merge of labels are a duplicate inside the push.
            families[family.Key] = new Family(series.Count == family.Count() ? type : "broken", series);
        }

        return (body.ToString(), families);
    }

    private static string Labels(int group, string labels)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string pair in labels.Trim('{', '}').Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            all[pair.Split('=')[0]] = pair.Split('=')[1];
        }

        foreach (GroupingLabel label in s_groups[group].Labels)
        {
            all[Encoding.UTF8.GetString(label.Name)] = $"\"{Encoding.UTF8.GetString(label.Value)}\"";
        }

        all.TryAdd("instance", "\"\"");
        return "{" + string.Join(",", all.Select(static p => p.Key + "=" + p.Value)) + "}";
    }

    private static object Apply(
        Dictionary<int, Group> model, Operation operation, SortedDictionary<string, Family> pushed, DateTimeOffset now, bool expires, bool check)
    {
        if (operation.Kind == 0)
        {
            return model.Remove(operation.Group);
        }

        if (operation.Kind == 4)
        {
            int groups = model.Count;
            model.Clear();
            return groups;
        }

        string time = Seconds(now);
        int? after = !expires ? null : operation.Expire is { } asked ? asked == 0 ? null : asked : s_ruleAfter[operation.Group];
        DateTimeOffset? deadline = after is { } seconds ? now.AddSeconds(seconds) : null;
        model.TryGetValue(operation.Group, out Group? old);
        var next = new SortedDictionary<string, Family>(operation.Kind == 2 && old is { IsExpired: false } ? old.Families : [], StringComparer.Ordinal);
        foreach ((string name, Family family) in pushed)
        {
            next[name] = family;
        }

        next["push_failure_time_seconds"] = old is not null ? old.Families["push_failure_time_seconds"] : Gauge(operation.Group, "0");
        next["push_time_seconds"] = Gauge(operation.Group, time);
        if (!check || Consistent(model, operation.Group, next))
        {
            model[operation.Group] = new Group(next) { ExpiresAt = deadline };
            return true;
        }

        var failed = new SortedDictionary<string, Family>(old?.Families ?? [], StringComparer.Ordinal);
        failed["push_failure_time_seconds"] = Gauge(operation.Group, time);
        failed.TryAdd("push_time_seconds", Gauge(operation.Group, "0"));
        if (Consistent(model, operation.Group, failed))
        {
            model[operation.Group] = new Group(failed) { ExpiresAt = old is null ? deadline : old.ExpiresAt };
        }

        return false;
    }

    private static Family Gauge(int group, string value) => new("gauge", new SortedDictionary<string, string> { [Labels(group, "")] = value });

    private static bool Consistent(Dictionary<int, Group> model, int group, SortedDictionary<string, Family> next)
    {
        var types = new Dictionary<string, string>();
        var seen = new HashSet<string>();
        IEnumerable<SortedDictionary<string, Family>> groups = model.Where(g => g.Key != group).Select(static g => g.Value.Families).Append(next);
        foreach (SortedDictionary<string, Family> families in groups)
        {
            foreach ((string name, Family family) in families)
            {
                if (family.Type == "broken" || (types.TryGetValue(name, out string? type) && type != family.Type))
                {
                    return false;
                }

                types[name] = family.Type;
                if (!family.Series.Keys.All(labels => seen.Add(name + labels)))
                {
                    return false;
                }
            }
        }

        return !types.Any(t => t.Value == "summary" && types.ContainsKey(t.Key + "_count"));
    }

    private static string Expose(Dictionary<int, Group> model)
    {
        var text = new StringBuilder();
        foreach (string name in model.Values.SelectMany(static g => g.Families.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            string type = model.Values.First(g => g.Families.ContainsKey(name)).Families[name].Type;
            string? help = name switch
            {
                "push_expired" => "The metrics of this group have expired, because nothing was pushed to it for too long.",
                "push_time_seconds" => "Last Unix time when changing this group in the Pushgateway succeeded.",
                "push_failure_time_seconds" => "Last Unix time when changing this group in the Pushgateway failed.",
                _ => null,
            };
            text.Append(help is null ? "" : $"# HELP {name} {help}\n").Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
            foreach (int group in model.Keys.OrderBy(static g => s_groups[g]))
            {
                if (model[group].Families.TryGetValue(name, out Family? family))
                {
                    foreach ((string labels, string value) in family.Series.OrderBy(static s => s.Key.Count(static c => c == '=')).ThenBy(static s => Values(s.Key), s_valueOrder))
                    {
                        text.Append(type == "summary" ? $"{name}_sum{labels} 0\n{name}_count{labels} {value}\n" : $"{name}{labels} {value}\n");
                    }
                }
            }
        }

        return text.ToString();
    }

    private static readonly Comparer<string[]> s_valueOrder = Comparer<string[]>.Create(static (a, b) =>
        a.Zip(b).Select(static p => string.CompareOrdinal(p.First, p.Second)).FirstOrDefault(static order => order != 0));

    private static string[] Values(string labels) => [.. labels.Trim('{', '}').Split(',').Select(static p => p.Split('=')[1].Trim('"'))];

    private static string Seconds(DateTimeOffset time)
    {
        string digits = time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{digits[0]}.{digits[1..].TrimEnd('0')}e+09";
    }

    public static class Histories
    {
        public static Arbitrary<Operation[]> History() =>
            (from kind in Gen.Elements(0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4)
             from deletes in Gen.Choose(0, 5)
             from groupIndex in Gen.Choose(0, s_groups.Length - 1)
             from series in Gen.Elements(s_series).ArrayOf().Resize(8)
             from type in Gen.Elements("gauge", "gauge", "gauge", "counter", "summary")
             from wait in Gen.Elements(0, 0, 0, 0, 1, 3, 4, 8, 20)
             from expire in Gen.Elements<int?>(null, null, null, 0, 2, 12)
             select new Operation(kind == 4 && deletes > 0 ? 2 : kind, groupIndex, series, type, wait, expire)).ArrayOf().Resize(14).ToArbitrary();
    }
}
