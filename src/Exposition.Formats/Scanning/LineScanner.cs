using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using Exposition.Formats.Numbers;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Scanning;

// Grammar of a canonical line, which is what nearly all clients write nearly always:
//   line   = name [ "{" label *( "," label ) [ "," ] "}" ] " " number [ " " timestamp ] LF
//   label  = lname "=" '"' value '"'
//   name   = [A-Za-z_:][A-Za-z0-9_:]*    lname = [A-Za-z_][A-Za-z0-9_]*    value = UTF-8 without `"` `\` LF
//   timestamp = 1*18 digits
//   comment: LineScanner.Comments
// The scanner takes such a line whole or not at all; whatever else a line is (other comments, escapes, quoted names, other blanks, CR,
// errors) is left to the byte-wise reader, which starts again at the line's first byte. So the scanner knows no errors, and accepts nothing
// that the byte-wise reader would refuse or read otherwise; tests hold the two against each other.
//
// The walk jumps from one structural byte to the next in the window's maps: it is driven by what must come next, not by what is found.
// Bounds: a line begins at or before the window's limit, the last LF in it. Each search ends at the line's own LF at the latest, and a byte
// is read only at the end of a search, or right after a byte that was not that LF. So no read needs a check, and none leaves the text.
// Ownership: the text is the caller's; label rows refer to it by offset and are written to the caller's list.

/// <summary>Takes canonical sample lines from a text.</summary>
internal ref partial struct LineScanner
{
    // More labels than any client sends; their names are compared pair by pair.
    private const int MaxLabels = 32;

    private const int MaxTimestampDigits = 18;

    // Where each map begins in the window's memory.
    private const int NotName = 0;
    private const int QuotedStop = ScanWindow.Words;
    private const int ValueStop = 2 * ScanWindow.Words;

    private readonly ReadOnlySpan<byte> _text;
    private readonly ScanWindow _window;
    private readonly ref ulong _maps;
    private readonly bool _knownUtf8;

    // Offset of the window in the text; the last offset in the text that a line may begin at; whether the window may be scanned at all.
    private int _base;
    private int _limit;
    private bool _usable;

    public LineScanner(ReadOnlySpan<byte> text, ScanWindow window, bool knownUtf8)
    {
        _text = text;
        _window = window;
        _maps = ref window.Maps;
        _knownUtf8 = knownUtf8;
        _limit = -1;
    }

    /// <summary>Takes the line that begins at <paramref name="at"/> if it is canonical; its labels are appended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(int at, ref RowList<LabelRow> labels, out ScannedSample sample)
    {
        if (IsInWindow(at))
        {
            return Take(at - _base, ref labels, out sample);
        }

        sample = default;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsInWindow(int at) => (at <= _limit || Advance(at)) && _usable;

    // Moves the window so that it begins at a line's first byte.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Advance(int at)
    {
        ReadOnlySpan<byte> rest = _text[at..];
        int limit = _window.Fill(rest);
        if (limit < 0)
        {
            return false;
        }

        _base = at;
        _limit = at + limit;
        _usable = _knownUtf8 || Utf8.IsValid(rest[..limit]);
        return true;
    }

    // Positions in here are offsets into the window.
    private readonly bool Take(int start, ref RowList<LabelRow> labels, out ScannedSample sample)
    {
        sample = default;
        ref byte text = ref Unsafe.Add(ref MemoryMarshal.GetReference(_text), _base);
        int nameEnd = FindNameEnd(ref text, start);
        if (nameEnd < 0)
        {
            return false;
        }

        int end = nameEnd;
        int count = 0;
        if (Unsafe.Add(ref text, nameEnd) == '{')
        {
            ref LabelRow first = ref labels.Reserve(MaxLabels);
            end = TakeLabels(ref text, nameEnd, ref first, out count);
            if (end < 0)
            {
                return false;
            }
        }

        if (Unsafe.Add(ref text, end) != ' ')
        {
            return false;
        }

        int valueStart = end + 1;
        int valueEnd = Next(ValueStop, valueStart);
        if (!NumberParser.TryParse(_text, _base + valueStart, valueEnd - valueStart, out sample.Value))
        {
            return false;
        }

        if (Unsafe.Add(ref text, valueEnd) != '\n' && !TakeTimestamp(ref text, ref valueEnd, ref sample))
        {
            return false;
        }

        sample.NameLength = nameEnd - start;
        sample.LabelCount = count;
        sample.End = _base + valueEnd + 1;
        labels.Commit(count);
        return true;
    }

    // The end of a metric's name, or -1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int FindNameEnd(ref byte text, int start)
    {
        int end = Next(NotName, start);
        while (Unsafe.Add(ref text, end) == ':')
        {
            end = Next(NotName, end + 1);
        }

        return end == start || IsDigit(Unsafe.Add(ref text, start)) ? -1 : end;
    }

    // Returns the position after "}", or -1.
    private readonly int TakeLabels(ref byte text, int brace, ref LabelRow first, out int count)
    {
        count = 0;
        int at = brace + 1;
        while (true)
        {
            int nameEnd = Next(NotName, at);
            if (Unsafe.Add(ref text, nameEnd) != '=' || Unsafe.Add(ref text, nameEnd + 1) != '"'
                || nameEnd == at || IsDigit(Unsafe.Add(ref text, at)) || IsReserved(ref text, at, nameEnd) || count == MaxLabels)
            {
                return -1;
            }

            int valueStart = nameEnd + 2;
            int valueEnd = Next(QuotedStop, valueStart);
            if (Unsafe.Add(ref text, valueEnd) != '"')
            {
                return -1;
            }

            ref LabelRow row = ref Unsafe.Add(ref first, count++);
            row.Name = new TextRef(_base + at, nameEnd - at);
            row.Value = new TextRef(_base + valueStart, valueEnd - valueStart);
            byte next = Unsafe.Add(ref text, valueEnd + 1);
            if (next == ',')
            {
                at = valueEnd + 2;
                if (Unsafe.Add(ref text, at) != '}')
                {
                    continue;
                }

                valueEnd++;
            }
            else if (next != '}')
            {
                return -1;
            }

            return count == 1 || AreDistinct(ref text, ref first, count) ? valueEnd + 2 : -1;
        }
    }

    // __name__ is no label.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsReserved(ref byte text, int start, int end) =>
        Unsafe.Add(ref text, start) == '_'
            && MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref text, start), end - start).SequenceEqual("__name__"u8);

    private readonly bool AreDistinct(ref byte text, ref LabelRow first, int count)
    {
        for (int i = 1; i < count; i++)
        {
            TextRef name = Unsafe.Add(ref first, i).Name;
            byte initial = Unsafe.Add(ref text, name.Start - _base);
            for (int j = 0; j < i; j++)
            {
                // Length and first byte tell nearly all names apart.
                TextRef other = Unsafe.Add(ref first, j).Name;
                if (other.Length == name.Length && Unsafe.Add(ref text, other.Start - _base) == initial
                    && _text.Slice(name.Start, name.Length).SequenceEqual(_text.Slice(other.Start, other.Length)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private readonly bool TakeTimestamp(ref byte text, ref int end, ref ScannedSample sample)
    {
        if (Unsafe.Add(ref text, end) != ' ')
        {
            return false;
        }

        int at = end + 1;
        end = Next(ValueStop, at);
        if (end - at is 0 or > MaxTimestampDigits || Unsafe.Add(ref text, end) != '\n')
        {
            return false;
        }

        long timestamp = 0;
        for (; at < end; at++)
        {
            byte digit = Unsafe.Add(ref text, at);
            if (!IsDigit(digit))
            {
                return false;
            }

            timestamp = (timestamp * 10) + (digit - '0');
        }

        sample.TimestampMs = timestamp;
        sample.HasTimestamp = true;
        return true;
    }

    // The first position at or after `from` whose bit is set in a map. 64 positions are looked at wherever they begin in a word.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Next(int map, int from)
    {
        ref ulong word = ref Unsafe.Add(ref _maps, map + (from >>> 6));
        ulong bits = (word >> from) | (Unsafe.Add(ref word, 1) << 1 << (63 - (from & 63)));
        return bits != 0 ? from + BitOperations.TrailingZeroCount(bits) : NextFar(map, from + 64);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly int NextFar(int map, int from)
    {
        int index = from >>> 6;
        ulong bits = Unsafe.Add(ref _maps, map + index) >> from;
        if (bits != 0)
        {
            return from + BitOperations.TrailingZeroCount(bits);
        }

        do
        {
            bits = Unsafe.Add(ref _maps, map + ++index);
        }
        while (bits == 0);

        return (index << 6) + BitOperations.TrailingZeroCount(bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsDigit(byte b) => (uint)(b - '0') <= 9;
}

/// <summary>
/// A canonical sample line. Its name begins where the line does, its labels are the last rows of the list that was given.
/// </summary>
internal struct ScannedSample
{
    public int NameLength;

    /// <summary>Number of labels, le and quantile among them.</summary>
    public int LabelCount;

    /// <summary>Offset of the next line in the text.</summary>
    public int End;

    public bool HasTimestamp;
    public long TimestampMs;
    public double Value;
}
