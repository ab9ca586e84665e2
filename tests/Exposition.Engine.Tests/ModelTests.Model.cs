using System.Globalization;
using System.Text;

namespace Exposition.Engine.Tests;

// The model: groups as dictionaries of strings, what an operation makes of them, and what they expose.

public sealed partial class ModelTests
{
    private sealed class Group(SortedDictionary<string, Family> families)
    {
        public SortedDictionary<string, Family> Families { get; set; } = families;

        public DateTimeOffset? ExpiresAt { get; set; }

        public bool HasExplicitExpiry { get; set; }

        public DateTimeOffset? FailedAt { get; set; }

        public Group Copy() => new(new SortedDictionary<string, Family>(Families, StringComparer.Ordinal))
        { ExpiresAt = ExpiresAt, HasExplicitExpiry = HasExplicitExpiry, FailedAt = FailedAt };

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
                group.HasExplicitExpiry = false;
            }

            if (group.IsExpired && group.ExpiresAt!.Value.AddSeconds(Grace) <= now)
            {
                model.Remove(key);
            }
        }
    }

    private sealed record Family(string Type, SortedDictionary<string, string> Series);

    private static (byte[] Body, SortedDictionary<string, Family> Families) Body(Operation operation, int value)
    {
        var families = new SortedDictionary<string, Family>(StringComparer.Ordinal);
        var body = new StringBuilder();
        var messages = new List<byte>();
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
            var metrics = new List<byte[]>();
            foreach (string name in family)
            {
                string labels = name.Contains('{', StringComparison.Ordinal) ? name[name.IndexOf('{', StringComparison.Ordinal)..] : "";
                body.Append(CultureInfo.InvariantCulture, $"{family.Key}{(summary ? "_count" : "")}{labels} {value}\n");
                metrics.Add(Metric(labels, type, value));
                series[Labels(operation.Group, labels)] = value.ToString(CultureInfo.InvariantCulture);
            }

            messages.AddRange(Message(family.Key, type, metrics));
            if (family.Key == "push_expired")
            {
                // The store's own, and left out.
                continue;
            }

            // Two series of the body that become one by the merge of labels are a duplicate inside the push.
            families[family.Key] = new Family(series.Count == family.Count() ? type : "broken", series);
        }

        return (operation.Format == PushFormat.Protobuf
            ? [.. messages]
            : Encoding.UTF8.GetBytes(body + (operation.Format == PushFormat.OpenMetrics ? "# EOF\n" : "")), families);
    }

    // io.prometheus.client.MetricFamily: name 1, type 3, metric 4 (label 1, gauge 2, counter 3, summary 4; of labels name 1, value 2).
    private static byte[] Message(string name, string type, List<byte[]> metrics)
    {
        byte[] message = [.. Field(1, Encoding.UTF8.GetBytes(name)), 0x18, (byte)(type == "counter" ? 0 : type == "gauge" ? 1 : 2),
            .. metrics.SelectMany(static metric => Field(4, metric))];
        return [.. Length(message), .. message];
    }

    private static byte[] Metric(string labels, string type, int value)
    {
        byte[] number = [0x09, .. BitConverter.GetBytes((double)value)];
        byte[] content = type == "counter" ? Field(3, number) : type == "gauge" ? Field(2, number) : Field(4, [0x08, (byte)value]);
        return
        [
            .. labels.Trim('{', '}').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static pair => pair.Split('='))
                .SelectMany(static pair => Field(
                    1, [.. Field(1, Encoding.UTF8.GetBytes(pair[0])), .. Field(2, Encoding.UTF8.GetBytes(pair[1].Trim('"')))])),
            .. content,
        ];
    }

    private static byte[] Field(int number, byte[] content) => [(byte)((number << 3) | 2), .. Length(content), .. content];

    private static byte[] Length(byte[] content) =>
        content.Length < 128 ? [(byte)content.Length] : [(byte)(content.Length | 0x80), (byte)(content.Length >> 7)];

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

    private static object? Exceeded(
        Dictionary<int, Group> model, Operation operation, SortedDictionary<string, Family> pushed, int mostGroups, int mostNameSets)
    {
        if ((operation.IsPush || operation.Act == Act.Timed) && !model.ContainsKey(operation.Group) && mostGroups > 0
            && model.Count >= mostGroups)
        {
            return PushStatus.TooManyGroups;
        }

        bool isChecked = operation.IsPush && mostNameSets > 0 && pushed.Values.All(static family => family.Type != "broken");
        return isChecked && pushed.Keys.Any(
            family => SetsOf(family) is var sets && sets.Length >= mostNameSets && !sets.Contains(NameSet(operation.Group)))
            ? PushStatus.TooManyNameSets : null;

        string[] SetsOf(string family) => [
            .. Shown(model).Where(group => group.Value.Families.ContainsKey(family)).Select(static group => NameSet(group.Key)).Distinct()];
    }

    private static string NameSet(int group)
    {
        var names = new List<string>();
        foreach (GroupingLabel label in s_groups[group].Labels)
        {
            names.Add(Encoding.UTF8.GetString(label.Name));
        }

        return string.Join(' ', names);
    }

    private static object? Apply(
        Dictionary<int, Group> model, Operation operation, SortedDictionary<string, Family> pushed, DateTimeOffset now, bool expires,
            bool check)
    {
        switch (operation.Act)
        {
            case Act.Delete:
                return model.Remove(operation.Group);
            case Act.Wipe:
                int groups = model.Count;
                model.Clear();
                return groups;
            case Act.Malformed or Act.Note:
                if (model.TryGetValue(operation.Group, out Group? noted))
                {
                    noted.FailedAt = now;
                }

                return operation.Act == Act.Note ? null : PushStatus.Malformed;
            case Act.Save or Act.Restore or Act.Load:
                return null;
        }

        string time = Seconds(now);
        int? after = !expires ? null : operation.Expire is { } asked ? asked == 0 ? null : asked : s_ruleAfter[operation.Group];
        DateTimeOffset? deadline = after is { } seconds ? now.AddSeconds(seconds) : null;
        bool isOwn = expires && operation.Expire is not null;
        model.TryGetValue(operation.Group, out Group? old);
        var next = new SortedDictionary<string,
            Family>(operation.Act == Act.Post && old is { IsExpired: false } ? old.Families : [], StringComparer.Ordinal);
        foreach ((string name, Family family) in pushed)
        {
            next[name] = family;
        }

        next["push_failure_time_seconds"] = old is not null ? old.Families["push_failure_time_seconds"] : Gauge(operation.Group, "0");
        next["push_time_seconds"] = Gauge(operation.Group, time);
        if (operation.IsPush && (!check || Fits(model, operation.Group, next)))
        {
            model[operation.Group] = new Group(next) { ExpiresAt = deadline, HasExplicitExpiry = isOwn, FailedAt = old?.FailedAt };
            return PushStatus.Stored;
        }

        var failed = new SortedDictionary<string, Family>(old?.Families ?? [], StringComparer.Ordinal);
        failed["push_failure_time_seconds"] = Gauge(operation.Group, time);
        failed.TryAdd("push_time_seconds", Gauge(operation.Group, "0"));
        if (!check || Fits(model, operation.Group, failed))
        {
            model[operation.Group] = new Group(failed)
            { ExpiresAt = old is null ? deadline : old.ExpiresAt, HasExplicitExpiry = old?.HasExplicitExpiry ?? isOwn, FailedAt = now };
        }

        return PushStatus.Inconsistent;
    }

    private static Family Gauge(int group, string value) =>
        new("gauge", new SortedDictionary<string, string> { [Labels(group, "")] = value });

    // What has the name of the host's family and another type is stored, but left out of scrapes: it counts for nobody.
    private static bool IsHiddenByHost(string name, Family family) => name == Reserved && family.Type is not ("gauge" or "broken");

    private static SortedDictionary<string, Family> Shown(SortedDictionary<string, Family> families) =>
        new(families.Where(static f => !IsHiddenByHost(f.Key, f.Value)).ToDictionary(), StringComparer.Ordinal);

    private static Dictionary<int, Group> Shown(Dictionary<int, Group> model) =>
        model.ToDictionary(static g => g.Key, static g => new Group(Shown(g.Value.Families)));

    private static bool Fits(Dictionary<int, Group> model, int group, SortedDictionary<string, Family> next) =>
        Consistent(Shown(model), group, Shown(next));

    private static bool Consistent(Dictionary<int, Group> model, int group, SortedDictionary<string, Family> next)
    {
        var types = new Dictionary<string, string> { [Reserved] = "gauge" };
        var seen = new HashSet<string>();
        IEnumerable<SortedDictionary<string, Family>> groups = model.Where(g => g.Key != group).Select(static g => g.Value.Families)
            .Append(next);
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
                    foreach ((string labels, string value) in family.Series.OrderBy(static s => s.Key.Count(static c => c == '='))
                        .ThenBy(static s => Values(s.Key), s_valueOrder))
                    {
                        text.Append(type == "summary"
                            ? $"{name}_sum{labels} 0\n{name}_count{labels} {value}\n"
                            : $"{name}{labels} {value}\n");
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
}
