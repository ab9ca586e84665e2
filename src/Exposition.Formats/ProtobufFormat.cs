using System.Buffers;
using Exposition.Formats.Names;
using Exposition.Formats.Protobuf;

namespace Exposition.Formats;

// Grammar: body = { varint length, MetricFamily }. Strings are not checked to be UTF-8 (proto2) and names not to be valid: that is the
// store's business, as is a type without meaning. Errors are those of the Pushgateway: a cut or overlong length prefix has its own words,
// everything inside a message is "cannot parse invalid wire-format data".

/// <summary>
/// The protobuf format: varint-delimited io.prometheus.client.MetricFamily messages, read into and written from a <see cref="FamilySet"/>
/// without Google's runtime. Stateless; a set must not be used by two callers at once.
/// </summary>
/// <example>
/// Writing all families of a set:
/// <code>
/// var output = new ArrayBufferWriter&lt;byte&gt;();
/// var metrics = new ArrayBufferWriter&lt;byte&gt;();
/// for (int family = 0; family &lt; set.Views.Count; family++)
/// {
///     // The length of a family stands before it, so its metrics are written first.
///     metrics.ResetWrittenCount();
///     ProtobufFormat.WriteMetrics(set, family, metrics);
///     FamilyView view = set.Views[family];
///     ProtobufFormat.WriteHeader(view.Name, view.Type, view.HasHelp, view.Help, EscapingScheme.AllowUtf8, metrics.WrittenCount, output);
///     output.Write(metrics.WrittenSpan);
/// }
/// </code>
/// </example>
public static partial class ProtobufFormat
{
    private const string Malformed = "proto: cannot parse invalid wire-format data";

    // A type number that does not fit a byte has no meaning either way.
    private const byte UnknownType = 255;

    /// <summary>
    /// Reads a complete body of delimited families. Of families with one name the last one counts and the others vanish; a family
    /// without metrics is kept; a type number above <see cref="MetricType.GaugeHistogram"/> is kept as it is (255 if it does not fit a
    /// byte).
    /// </summary>
    /// <param name="body">The body. The set points into it until its next reset.</param>
    /// <param name="into">Reset and filled. After an error it holds what was read before it.</param>
    /// <param name="error">The reason, in the Pushgateway's words, without a line.</param>
    public static bool TryRead(ReadOnlyMemory<byte> body, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Reset(body);
        ReadOnlySpan<byte> source = into.Source;
        var reader = new ProtoReader(source);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadLongVarint(out ulong length, out bool overflow) || length > (ulong)(source.Length - reader.Position))
            {
                error = new FormatError(overflow ? "proto: variable length integer overflow" : "unexpected EOF", 0);
                return false;
            }

            var message = new TextRef(reader.Position, (int)length);
            if (!TryReadFamily(source, message, into))
            {
                error = new FormatError(Malformed, 0);
                return false;
            }

            reader.TryAdvance(message.Length);
        }

        DropReplaced(into);
        error = default;
        return true;
    }

    /// <summary>
    /// Reads metric records (<see cref="WriteMetrics(FamilySet, int, IBufferWriter{byte})"/>) into a new family of <paramref name="into"/>,
    /// which must have been reset with them as its source. The family's type says which value counts.
    /// </summary>
    /// <param name="family">Index of the family, whose name and type have been set.</param>
    /// <param name="into">The set.</param>
    /// <param name="error">The reason, without a line.</param>
    public static bool TryReadMetrics(int family, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        ReadOnlySpan<byte> source = into.Source;
        var decoder = new ProtoMetricReader(source, into, into.Families[family].Type);
        var reader = new ProtoReader(source);
        bool read = true;
        while (read && reader.TryReadTag(out uint tag))
        {
            read = tag == ProtoTag.FamilyMetric && reader.TryReadBytes(out TextRef metric) && decoder.TryRead(family, metric);
        }

        read &= reader.IsWhole;
        error = read ? default : new FormatError(Malformed, 0);
        return read;
    }

    // Two walks: the type decides which value of a metric counts, and it may come behind the metrics.
    private static bool TryReadFamily(ReadOnlySpan<byte> source, TextRef message, FamilySet into)
    {
        TextRef name = default;
        TextRef help = default;
        TextRef unit = default;
        bool hasHelp = false;
        byte type = 0;
        var reader = new ProtoReader(source, message.Start, message.Length);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case ProtoTag.FamilyName:
                    reader.TryReadBytes(out name);
                    break;
                case ProtoTag.FamilyHelp:
                    reader.TryReadBytes(out help);
                    hasHelp = true;
                    break;
                case ProtoTag.FamilyType:
                    reader.TryReadVarint(out ulong number);
                    type = (uint)number < UnknownType ? (byte)number : UnknownType;
                    break;
                case ProtoTag.FamilyUnit:
                    reader.TryReadBytes(out unit);
                    break;
                default:
                    reader.TrySkip(tag);
                    break;
            }
        }

        if (!reader.IsWhole)
        {
            return false;
        }

        int family = into.AddFamily(name, (MetricType)type);
        into.Families[family].Help = help;
        into.Families[family].HasHelp = hasHelp;
        into.Families[family].Unit = unit;

        var decoder = new ProtoMetricReader(source, into, (MetricType)type);
        reader = new ProtoReader(source, message.Start, message.Length);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag != ProtoTag.FamilyMetric)
            {
                reader.TrySkip(tag);
            }
            else if (!reader.TryReadBytes(out TextRef metric) || !decoder.TryRead(family, metric))
            {
                return false;
            }
        }

        return true;
    }

    // Clients send families in name order, which is proof enough that no name comes twice. Otherwise sort: no hash that could be attacked.
    private static void DropReplaced(FamilySet set)
    {
        Span<FamilyRow> families = set.Families;
        int ordered = 1;
        while (ordered < families.Length && set.Text(families[ordered - 1].Name).SequenceCompareTo(set.Text(families[ordered].Name)) < 0)
        {
            ordered++;
        }

        if (ordered >= families.Length)
        {
            return;
        }

        int[] rented = ArrayPool<int>.Shared.Rent(families.Length);
        Span<int> order = rented.AsSpan(0, families.Length);
        NameOrder.Sort(set, order);
        for (int i = 1; i < order.Length; i++)
        {
            if (set.Text(families[order[i - 1]].Name).SequenceEqual(set.Text(families[order[i]].Name)))
            {
                families[order[i - 1]].FirstMetric = NameOrder.Dropped;
            }
        }

        ArrayPool<int>.Shared.Return(rented);
        int kept = 0;
        foreach (ref readonly FamilyRow family in families)
        {
            if (family.FirstMetric != NameOrder.Dropped)
            {
                families[kept++] = family;
            }
        }

        set.FamilyList.Truncate(kept);
    }
}
