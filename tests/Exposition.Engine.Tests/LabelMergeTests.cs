using System.Globalization;

namespace Exposition.Engine.Tests;

/// <summary>Labels of a push as they come out of the store, beside a merge that looks at every line by itself.</summary>
public sealed class LabelMergeTests
{
    private static readonly string[] s_names = ["a", "b", "instance", "job", "le_", "z", "zone"];

    // Few names and values, so that lines often have the names, and some of the values, of the line before; many orders, so that often they
    // have not.
    [Theory]
    [InlineData("job", "j")]
    [InlineData("job", "j", "instance", "i")]
    [InlineData("job", "j", "b", "key", "zone", "key")]
    public void Merged_lines_are_those_of_a_merge_line_by_line(params string[] key)
    {
        var random = new Random(1);
        for (int run = 0; run < 400; run++)
        {
            var lines = new List<List<(string Name, string Value)>>();
            for (int line = random.Next(1, 12); line > 0; line--)
            {
                bool again = lines.Count > 0 && random.Next(3) > 0;
                string[] names = again ? [.. lines[^1].Select(static label => label.Name)] : Some(random);
                lines.Add([.. names.Select((name, i) => (name, again && random.Next(3) > 0 ? lines[^1][i].Value : Value(random)))]);
            }

            string[][] merged = [.. lines.Select(line => Merge(line, key)).DistinctBy(static labels => string.Join(',', labels))
                .OrderBy(static l => l, Comparer<string[]>.Create(Compare))];
            string expected = string.Concat(merged.Select(static labels => $"m{{{string.Join(',', labels)}}} 1\n"));
            string body = string.Concat(lines.DistinctBy(line => string.Join(',', Merge(line, key)))
                .Select(static line => string.Create(CultureInfo.InvariantCulture,
                    $"m{{{string.Join(',', line.Select(static label => $"{label.Name}=\"{label.Value}\""))}}} 1\n")));
            var gateway = new Harness(shapeBytes: 0);
            Assert.Equal(PushStatus.Stored, gateway.Put(Harness.Key(key), body).Status);
            Assert.Equal("# TYPE m untyped\n" + expected, gateway.Pushed());
        }
    }

    private static string[] Some(Random random)
    {
        string[] names = [.. s_names];
        random.Shuffle(names);
        return names[..random.Next(names.Length + 1)];
    }

    private static string Value(Random random) =>
        random.Next(8) == 0 ? "with \\\"quotes\\\"" : random.Next(3).ToString(CultureInfo.InvariantCulture);

    private static string[] Merge(List<(string Name, string Value)> line, string[] key)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["instance"] = "" };
        line.ForEach(label => labels[label.Name] = label.Value);
        for (int i = 0; i < key.Length; i += 2)
        {
            labels[key[i]] = key[i + 1];
        }

        return [.. labels.Select(static label => $"{label.Key}=\"{label.Value}\"")];
    }

    private static int Compare(string[] x, string[] y)
    {
        static string ValueOf(string label) =>
            label[(label.IndexOf('"', StringComparison.Ordinal) + 1)..^1].Replace("\\\"", "\"", StringComparison.Ordinal);
        int order = x.Length - y.Length;
        for (int i = 0; order == 0 && i < x.Length; i++)
        {
            order = string.CompareOrdinal(ValueOf(x[i]), ValueOf(y[i]));
        }

        return order != 0 ? order : string.CompareOrdinal(string.Join(',', x), string.Join(',', y));
    }
}
