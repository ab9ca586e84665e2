using System.Globalization;
using Exposition.Engine;

namespace Exposition.Persistence.Tests.Disk;

// Step n deletes one group, and writes its number into all samples of three others, small and large, so that a step touches many pages.
// Which ones depends only on n, so the state after each step is known.

/// <summary>A sequence of commits with a known state after each.</summary>
internal static class Workload
{
    private const int Groups = 12;

    public static int Steps => 18;

    /// <summary>Groups and their numbers after so many steps, in a form that can be compared.</summary>
    public static string StateAfter(int steps)
    {
        var state = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int step = 1; step <= steps; step++)
        {
            state.Remove(Name(Deleted(step)));
            foreach (int group in Written(step))
            {
                state[Name(group)] = step;
            }
        }

        return string.Join(' ', state.Select(static s => $"{s.Key}={s.Value}"));
    }

    /// <summary>Commits a step.</summary>
    public static void Run(IDurableStore store, int step)
    {
        using IDurableBatch batch = store.Begin();
        batch.Remove(Samples.Key(Name(Deleted(step))));
        foreach (int group in Written(step))
        {
            batch.Put(new KeptGroup(Samples.Key(Name(group)), new[] { Samples.Family("a", Text(group, step)) }), step);
        }

        batch.Commit();
    }

    /// <summary>The state that a file holds. A group that is a mix of steps, or not what was written, shows as such.</summary>
    public static string Read(IDurableStore store, RestoreGroup? also = null)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        store.Load((in kept) =>
        {
            also?.Invoke(kept);
            string text = System.Text.Encoding.UTF8.GetString(kept.Families[0].Text.Span);
            string name = System.Text.Encoding.UTF8.GetString(kept.Key.Labels.First("job").Span);
            string number = text[..text.IndexOf('\n', StringComparison.Ordinal)].Split(' ')[1];
            bool whole = int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int step)
                && text == Text(int.Parse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture), step);
            state[name] = whole ? number : "MIX";
        });
        return string.Join(' ', state.Select(static s => $"{s.Key}={s.Value}"));
    }

    private static string Name(int group) => string.Create(CultureInfo.InvariantCulture, $"g{group}");

    private static int Deleted(int step) => step * 5 % Groups;

    private static IEnumerable<int> Written(int step) =>
        new[] { step, (step * 7) + 1, (step * 3) + 2 }.Select(static g => g % Groups).Distinct();

    // Groups differ in size: 1 line up to about 2 pages, although contents are packed. Every second one keeps its series, so that only
    // values change.
    private static string Text(int group, int step) =>
        string.Concat(Enumerable.Range(0, 1 + (group * 150)).Select(
            i => string.Create(CultureInfo.InvariantCulture, $"a{{n=\"{Mixed(i, group, group % 2 == 0 ? 0 : step):x16}\"}} {step}\n")));

    private static ulong Mixed(int i, int group, int step)
    {
        ulong x = ((ulong)i * 0x9E3779B97F4A7C15) + ((ulong)group << 40) + ((ulong)step << 20);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private static ReadOnlyMemory<byte> First(this LabelEnumerator labels, string name)
    {
        foreach (GroupingLabel label in labels)
        {
            if (System.Text.Encoding.UTF8.GetString(label.Name) == name)
            {
                return label.Value.ToArray();
            }
        }

        throw new InvalidOperationException("no " + name);
    }
}
