using System.Text;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

/// <summary>Collects what the caller of a scrape exposes beside the groups.</summary>
internal static class OwnSources
{
    /// <summary>Collects and checks it.</summary>
    /// <exception cref="InvalidOperationException">It would make the scrape invalid; the message names the family.</exception>
    public static void Collect(IEnumerable<IMetricSource> sources, FamilySet into, bool reservesOverdue)
    {
        var order = new SeriesOrder();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (IMetricSource source in sources)
        {
            int first = into.Families.Length;
            source.Collect(into);
            if (into.Families.Length < first)
            {
                throw new InvalidOperationException($"{source.GetType().Name} has reset the set that it was to add its families to");
            }

            for (int family = first; family < into.Families.Length; family++)
            {
                ReadOnlySpan<byte> name = into.Text(into.Families[family].Name);
                string shown = Encoding.UTF8.GetString(name);
                string? error = PushRules.FamilyError(into, family)
                    ?? (BuiltInFamilies.IsAny(name) || (reservesOverdue && name.SequenceEqual(BuiltInFamilies.Overdue))
                        ? "the store itself exposes a family of this name"
                        : !names.Add(shown) ? "another family of the sources has this name"
                        : PushRules.MetricsError(into, family, order));
                if (error is not null)
                {
                    throw new InvalidOperationException($"{source.GetType().Name} exposes \"{shown}\" which cannot be scraped: {error}");
                }
            }
        }

        PushRules.DropTimestamps(into);
    }
}
