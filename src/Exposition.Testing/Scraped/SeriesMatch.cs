using Exposition.Formats;

namespace Exposition.Testing.Scraped;

/// <summary>Finds the sample that a test means by a series.</summary>
internal static class SeriesMatch
{
    private const int MostShown = 3;

    // Beyond so many nobody waits for the most alike of all.
    private const int MostCompared = 2000;

    /// <summary>The sample; its failure names those that are most alike.</summary>
    public static MetricSample Only(IReadOnlyList<MetricSample> samples, string series) => Find(samples, series)
        ?? throw new KeyNotFoundException(samples.Count == 0
            ? $"there is no {series}: there are no series at all"
            : $"there is no {series}; most alike: {Shown(Nearest(samples, series))}");

    /// <summary>The sample with just these labels, or else the only one that has them among others.</summary>
    public static MetricSample? Find(IReadOnlyList<MetricSample> samples, string series)
    {
        MetricSample asked = Read(series);
        MetricSample[] found = [.. samples.Where(sample => sample.Name == asked.Name && HasAll(sample.Labels, asked.Labels))];
        return Array.Find(found, sample => sample.Labels.All(label => asked.Labels.GetValueOrEmpty(label.Name) == label.Value))
            ?? (found.Length <= 1
                ? found.FirstOrDefault()
                : throw new KeyNotFoundException($"{series} stands for {found.Length} series: {Shown(found)}; give more labels"));
    }

    private static MetricSample Read(string series)
    {
        ArgumentNullException.ThrowIfNull(series);
        try
        {
            // Alone on a line, it needs a value.
            return ExpositionText.Parse(series + " 0\n").Single();
        }
        catch (Exception e) when (e is ExpositionFormatException or InvalidOperationException)
        {
            throw new FormatException($"no series: {series}; expected a name and labels, such as rows_total{{table=\"users\"}}", e);
        }
    }

    // An empty label is as good as none.
    private static bool HasAll(LabelSet labels, LabelSet asked) =>
        asked.All(label => labels.GetValueOrEmpty(label.Name) == label.Value);

    private static IEnumerable<MetricSample> Nearest(IReadOnlyList<MetricSample> samples, string series) =>
        samples.Take(MostCompared).OrderBy(sample => Distance(SeriesOf(sample), series));

    private static string Shown(IEnumerable<MetricSample> samples) =>
        string.Join(", ", samples.Take(MostShown).Select(SeriesOf));

    private static string SeriesOf(MetricSample sample)
    {
        string line = (sample with { Timestamp = null }).ToString();
        return line[..line.LastIndexOf(' ')];
    }

    // Levenshtein's, one row at a time.
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
