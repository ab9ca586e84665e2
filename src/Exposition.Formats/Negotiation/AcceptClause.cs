using System.Globalization;

namespace Exposition.Formats.Negotiation;

// The grammar is goautoneg's, not HTTP's: split at "," then ";" then "=", no quoting, only blanks (not tabs) are trimmed, case counts.
// An entry without exactly one "/" is dropped, except "*"; a parameter without exactly one "=" or with nothing behind it is ignored; of
// equal parameters the last one counts; a quality that is no number is 0.

/// <summary>An entry of an Accept header, as ranges of the header's bytes.</summary>
internal struct AcceptClause
{
    /// <summary>Entries that are looked at: no scraper sends more than six, and a header must not cost a long sort.</summary>
    public const int MaxCount = 64;

    public Range Type;
    public Range Subtype;

    /// <summary>Everything behind the first semicolon.</summary>
    public Range Parameters;

    private float _quality;
    private bool _anyType;
    private bool _anySubtype;

    /// <summary>Fills <paramref name="into"/> with the entries of a header in their order.</summary>
    /// <returns>Their number.</returns>
    public static int Parse(ReadOnlySpan<byte> accept, Span<AcceptClause> into)
    {
        int count = 0;
        foreach (Range entry in accept.Split((byte)','))
        {
            if (count == into.Length)
            {
                break;
            }

            if (TryParse(accept, Trim(accept, entry), out into[count]))
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>
    /// Orders entries as Go's sort does for up to twelve of them: an insertion sort. It matters because the order is not a strict one:
    /// a higher quality goes before a lower one, but also no wildcard before a wildcard, whatever their qualities.
    /// </summary>
    public static void Sort(Span<AcceptClause> clauses)
    {
        for (int i = 1; i < clauses.Length; i++)
        {
            for (int j = i; j > 0 && GoesBefore(in clauses[j], in clauses[j - 1]); j--)
            {
                (clauses[j], clauses[j - 1]) = (clauses[j - 1], clauses[j]);
            }
        }
    }

    /// <summary>The value of a parameter; empty if it is not there.</summary>
    public static ReadOnlySpan<byte> Parameter(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> value = default;
        foreach (Range range in parameters.Split((byte)';'))
        {
            if (TrySplit(parameters[range], out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> found) && key.SequenceEqual(name))
            {
                value = found.Trim((byte)' ');
            }
        }

        return value;
    }

    private static bool GoesBefore(in AcceptClause left, in AcceptClause right) =>
        left._quality > right._quality || (!left._anyType && right._anyType) || (!left._anySubtype && right._anySubtype);

    private static bool TryParse(ReadOnlySpan<byte> accept, Range entry, out AcceptClause clause)
    {
        clause = default;
        ReadOnlySpan<byte> text = accept[entry];
        int start = entry.Start.Value;
        int semicolon = text.IndexOf((byte)';');
        clause.Parameters = semicolon < 0 ? default : (start + semicolon + 1)..entry.End;

        ReadOnlySpan<byte> media = semicolon < 0 ? text : text[..semicolon];
        int slash = media.IndexOf((byte)'/');
        if (slash >= 0 && slash + 1 < media.Length)
        {
            if (media[(slash + 1)..].Contains((byte)'/'))
            {
                return false;
            }

            clause.Type = Trim(accept, start..(start + slash));
            clause.Subtype = Trim(accept, (start + slash + 1)..(start + media.Length));
        }
        else
        {
            // "*" alone, or "*/", stands for "*/*".
            clause.Type = Trim(accept, start..(start + (slash < 0 ? media.Length : slash)));
            clause.Subtype = clause.Type;
            if (!accept[clause.Type].SequenceEqual("*"u8))
            {
                return false;
            }
        }

        clause._anyType = accept[clause.Type].SequenceEqual("*"u8);
        clause._anySubtype = accept[clause.Subtype].SequenceEqual("*"u8);
        clause._quality = Quality(accept[clause.Parameters]);
        return true;
    }

    private static float Quality(ReadOnlySpan<byte> parameters)
    {
        float quality = 1;
        foreach (Range range in parameters.Split((byte)';'))
        {
            if (TrySplit(parameters[range], out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) && key.SequenceEqual("q"u8))
            {
                const NumberStyles Decimal = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
                quality = float.TryParse(value, Decimal, CultureInfo.InvariantCulture, out float number) ? number : 0;
            }
        }

        return quality;
    }

    private static bool TrySplit(ReadOnlySpan<byte> parameter, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        int equals = parameter.IndexOf((byte)'=');
        key = equals < 0 ? default : parameter[..equals].Trim((byte)' ');
        value = equals < 0 ? default : parameter[(equals + 1)..];
        return !value.IsEmpty && !value.Contains((byte)'=');
    }

    private static Range Trim(ReadOnlySpan<byte> text, Range range)
    {
        (int start, int length) = range.GetOffsetAndLength(text.Length);
        int end = start + text.Slice(start, length).TrimEnd((byte)' ').Length;
        return (end - text[start..end].TrimStart((byte)' ').Length)..end;
    }
}
