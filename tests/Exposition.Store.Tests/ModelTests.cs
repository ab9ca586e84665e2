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
    public sealed record Operation(int Kind, int Group, string[] Series, string Type)
    {
        public override string ToString() => $"{(Kind == 0 ? "DELETE" : Kind == 1 ? "PUT" : "POST")} {s_groups[Group]} {Type} {string.Join(" ", Series)}";
    }

    private static readonly GroupingKey[] s_groups =
    [
        Harness.Key("job", "a"), Harness.Key("job", "a", "instance", ""), Harness.Key("job", "a", "instance", "i"),
        Harness.Key("job", "a", "zone", "z"), Harness.Key("job", "b"),
    ];

    private static readonly string[] s_series = ["x", "x{zone=\"z\"}", "x{instance=\"i\"}", "x{zone=\"z\",instance=\"\"}", "y", "y{instance=\"i\"}", "x_count", "y{q=\"1\"}"];

    [Property(MaxTest = 400, Arbitrary = [typeof(Histories)])]
    public void The_store_agrees_with_the_model(Operation[] history)
    {
        var gateway = new Harness();
        var model = new Dictionary<int, SortedDictionary<string, Family>>();
        int step = 0;
        foreach (Operation operation in history)
        {
            step++;
            if (operation.Kind == 0)
            {
                Assert.Equal(model.Remove(operation.Group), gateway.Store.Delete(s_groups[operation.Group]));
                continue;
            }

            (string body, SortedDictionary<string, Family> pushed) = Body(operation, step);
            PushOutcome outcome = gateway.Push(s_groups[operation.Group], body, operation.Kind == 1 ? PushMode.Replace : PushMode.Merge);
            bool expected = Apply(model, operation, pushed, gateway.Clock.Now);
            Assert.True(expected == (outcome.Status == PushStatus.Stored), $"step {step}: {outcome} to {s_groups[operation.Group]}\n{body}");
            Assert.Equal(Expose(model), gateway.Text());
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

    private static bool Apply(Dictionary<int, SortedDictionary<string, Family>> model, Operation operation, SortedDictionary<string, Family> pushed, DateTimeOffset now)
    {
        string time = Seconds(now);
        model.TryGetValue(operation.Group, out SortedDictionary<string, Family>? old);
        var next = new SortedDictionary<string, Family>(operation.Kind == 2 && old is not null ? old : [], StringComparer.Ordinal);
        foreach ((string name, Family family) in pushed)
        {
            next[name] = family;
        }

        next["push_failure_time_seconds"] = old is not null ? old["push_failure_time_seconds"] : Gauge(operation.Group, "0");
        next["push_time_seconds"] = Gauge(operation.Group, time);
        if (Consistent(model, operation.Group, next))
        {
            model[operation.Group] = next;
            return true;
        }

        var failed = new SortedDictionary<string, Family>(old ?? [], StringComparer.Ordinal);
        failed["push_failure_time_seconds"] = Gauge(operation.Group, time);
        failed.TryAdd("push_time_seconds", Gauge(operation.Group, "0"));
        if (Consistent(model, operation.Group, failed))
        {
            model[operation.Group] = failed;
        }

        return false;
    }

    private static Family Gauge(int group, string value) => new("gauge", new SortedDictionary<string, string> { [Labels(group, "")] = value });

    private static bool Consistent(Dictionary<int, SortedDictionary<string, Family>> model, int group, SortedDictionary<string, Family> next)
    {
        var types = new Dictionary<string, string>();
        var seen = new HashSet<string>();
        IEnumerable<SortedDictionary<string, Family>> groups = model.Where(g => g.Key != group).Select(static g => g.Value).Append(next);
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

    private static string Expose(Dictionary<int, SortedDictionary<string, Family>> model)
    {
        var text = new StringBuilder();
        foreach (string name in model.Values.SelectMany(static g => g.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            string type = model.Values.First(g => g.ContainsKey(name))[name].Type;
            string? help = name switch
            {
                "push_time_seconds" => "Last Unix time when changing this group in the Pushgateway succeeded.",
                "push_failure_time_seconds" => "Last Unix time when changing this group in the Pushgateway failed.",
                _ => null,
            };
            text.Append(help is null ? "" : $"# HELP {name} {help}\n").Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
            foreach (int group in model.Keys.OrderBy(static g => s_groups[g]))
            {
                if (model[group].TryGetValue(name, out Family? family))
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
        public static Arbitrary<Operation[]> History() => Gen.Choose(0, 2).SelectMany(kind =>
            Gen.Choose(0, s_groups.Length - 1).SelectMany(group =>
                Gen.Elements(s_series).ArrayOf().SelectMany(series =>
                    Gen.Elements("gauge", "gauge", "gauge", "counter", "summary").Select(type => new Operation(kind, group, series, type)))))
            .ArrayOf().Resize(8).ToArbitrary();
    }
}
