using Exposition.Formats;
using Exposition.Formats.Protobuf;

namespace Exposition.Engine.Reading;

// A family may be as large as a group: decoded whole, it would take several times its text. So it is cut where a metric begins, which of
// those that have several lines can be told by what stands behind the family's name:
//   summary    quantiles, _sum, _count         ends with its _count
//   histogram  _bucket lines, _sum, [_count]   begins with its first _bucket

/// <summary>Decodes a stored family some metrics at a time, about 64 KiB of it, or one metric if that is more.</summary>
internal sealed class FamilyParts
{
    private const int PartBytes = 64 << 10;

    private FamilyEntry _family;
    private int _quotedLength;
    private int _at;

    /// <summary>The part at hand, alone in it. Refers to the family's memory.</summary>
    public FamilySet Set { get; } = new();

    /// <summary>Whether the current part is the last one.</summary>
    public bool IsLast => _at == All.Length;

    private bool IsText => _family.Sidecar.IsEmpty;

    private ReadOnlyMemory<byte> All => IsText ? _family.Text : _family.Sidecar;

    /// <summary>Goes to the start of a family.</summary>
    public void Begin(in FamilyEntry family)
    {
        (_family, _at) = (family, 0);
        ReadOnlySpan<byte> name = family.Name.Span;
        _quotedLength = name.Length + name.Count((byte)'\\') + name.Count((byte)'"') + name.Count((byte)'\n');
    }

    /// <summary>Decodes the next part.</summary>
    /// <returns>False at the end.</returns>
    public bool Next()
    {
        int none = 0;
        return Next(ref none);
    }

    /// <summary>Decodes the next part that is not to be left out whole.</summary>
    /// <param name="skip">Lines to leave out; less those that were.</param>
    /// <returns>False at the end.</returns>
    public bool Next(ref int skip)
    {
        bool isText = IsText;
        ReadOnlyMemory<byte> all = All;
        while (_at < all.Length)
        {
            ReadOnlySpan<byte> rest = all.Span[_at..];
            ReadOnlyMemory<byte> part = all.Slice(_at, isText ? LengthOfLines(rest) : LengthOfFields(rest));
            _at += part.Length;
            if (isText && skip > 0 && part.Span.Count((byte)'\n') is var lines && lines <= skip)
            {
                skip -= lines;
                continue;
            }

            _family.Read(Set, part);
            return true;
        }

        return false;
    }

    private static int LengthOfFields(ReadOnlySpan<byte> rest)
    {
        var reader = new ProtoReader(rest);
        while (reader.Position < PartBytes && reader.TryReadTag(out _) && reader.TryReadBytes(out _))
        {
        }

        return Math.Min(reader.Position, rest.Length);
    }

    private int LengthOfLines(ReadOnlySpan<byte> rest)
    {
        if (rest.Length <= PartBytes)
        {
            return rest.Length;
        }

        int at = StartOfLine(rest, PartBytes);
        while (at > 0 && !BeginsMetric(rest, at))
        {
            at = StartOfLine(rest, at - 1);
        }

        if (at == 0)
        {
            // One metric is larger.
            at = PartBytes;
            do
            {
                at += rest[at..].IndexOf((byte)'\n') + 1;
            }
            while (at < rest.Length && !BeginsMetric(rest, at));
        }

        return at;
    }

    private static int StartOfLine(ReadOnlySpan<byte> text, int end) => text[..end].LastIndexOf((byte)'\n') + 1;

    // Of a line that is not the first.
    private bool BeginsMetric(ReadOnlySpan<byte> text, int at)
    {
        ReadOnlySpan<byte> before = text[StartOfLine(text, at - 1)..];
        return _family.Type switch
        {
            MetricType.Summary => BehindName(before).StartsWith("_count"u8),
            MetricType.Histogram or MetricType.GaugeHistogram =>
                BehindName(text[at..]).StartsWith("_bucket"u8) && !BehindName(before).StartsWith("_bucket"u8),
            _ => true,
        };
    }

    private ReadOnlySpan<byte> BehindName(ReadOnlySpan<byte> line) =>
        line[(line.StartsWith("{\""u8) ? 2 + _quotedLength : _family.Name.Length)..];
}
