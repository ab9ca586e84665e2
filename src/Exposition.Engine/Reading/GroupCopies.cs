using System.Text;
using Exposition.Engine.Publishing;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Reading;

/// <summary>Copies what is in a snapshot, as long as that is valid.</summary>
internal static class GroupCopies
{
    private const double EndOfCalendar = 253_402_300_799;

    public static GroupInfo InfoOf(StoreState state, GroupSnapshot group)
    {
        var families = new GroupFamily[group.Families.Length];
        for (int i = 0; i < families.Length; i++)
        {
            ref readonly FamilyEntry entry = ref group.Families[i];
            families[i] = new GroupFamily(
                Text(entry.Name.Span), entry.Type, entry.HasHelp ? Text(entry.Help.Span) : null, entry.SampleCount,
                entry.TextLength + entry.Sidecar.Length, HiddenFamily.Find(group.Hidden, entry.Name.Span)?.Reason);
        }

        long expiry = state.Deadlines.ExpiryOf(group);
        return new GroupInfo(
            group.Key, TimeOf(group.PushTime), TimeOf(group.FailureTime),
            MomentOf(expiry), group.IsExpired, group.LastFailure, families)
        {
            Mode = group.Memory is { } memory && PushModes.Joins(memory.Mode) ? memory.Mode : PushMode.Merge,
            SourceCount = group.Memory?.Sources?.Count ?? 0,
            KnownIds = group.Slot.Ids?.Count ?? 0,
        };
    }

    public static MetricSample[] SamplesOf(GroupSnapshot group)
    {
        var samples = new List<MetricSample>((int)Math.Min(group.SampleCount, Array.MaxLength));
        ExpositionReaderState lines = NewReaderState();
        foreach (ref readonly FamilyEntry entry in group.Families)
        {
            string family = Text(entry.Name.Span);
            var reader = new ExpositionReader(entry.TextSpan, lines);
            while (reader.Read())
            {
                var labels = new Label[reader.Labels.Count];
                for (int i = 0; i < labels.Length; i++)
                {
                    labels[i] = new Label(Text(reader.Labels[i].Name), Text(reader.Labels[i].Value));
                }

                string name = reader.Name.SequenceEqual(entry.Name.Span) ? family : Text(reader.Name);
                samples.Add(new MetricSample(name, LabelSet.Create(labels), reader.Value, Timestamp: null, family, entry.Type));
            }

            lines.Reset();
        }

        return [.. samples];
    }

    /// <summary>For the lines of entries, which are in the one spelling that the store writes.</summary>
    public static ExpositionReaderState NewReaderState() => new(new TextReadOptions(NameScheme.Utf8, Lenient: false));

    /// <summary>A time of the store for others to see.</summary>
    /// <param name="unixNanoseconds">Nanoseconds since the Unix epoch; 0 for none.</param>
    public static DateTimeOffset? MomentOf(long unixNanoseconds) =>
        unixNanoseconds > 0 ? DateTimeOffset.UnixEpoch.AddTicks(unixNanoseconds / 100) : null;

    /// <summary>A time of a family of times: 0 stands for never. Clients may push one that is no time.</summary>
    public static DateTimeOffset? TimeOf(double? seconds) =>
        seconds is > 0 and < EndOfCalendar ? DateTimeOffset.UnixEpoch.AddSeconds(seconds.Value) : null;

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
