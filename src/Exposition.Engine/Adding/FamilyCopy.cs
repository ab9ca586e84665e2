using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>Copies families from one set to another.</summary>
internal static class FamilyCopy
{
    /// <summary>Starts a family with the name, type, help and unit of another.</summary>
    /// <returns>Its place.</returns>
    public static int Head(FamilySet from, int family, FamilySet into)
    {
        FamilyRow row = from.Families[family];
        int made = into.AddFamily(into.AddText(from.Text(row.Name)), row.Type);
        ref FamilyRow copy = ref into.Families[made];
        copy.HasHelp = row.HasHelp;
        copy.Help = row.HasHelp ? into.AddText(from.Text(row.Help)) : default;
        copy.Unit = row.Unit.IsEmpty ? default : into.AddText(from.Text(row.Unit));
        return made;
    }

    /// <summary>Copies all metrics.</summary>
    public static void Metrics(FamilySet from, int family, FamilySet into, int made)
    {
        for (int at = from.Families[family].FirstMetric; at >= 0; at = from.Metrics[at].Next)
        {
            MetricCopy.Whole(new MetricRef(from, at), into, made);
        }
    }
}
