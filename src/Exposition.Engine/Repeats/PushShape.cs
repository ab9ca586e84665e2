using Exposition.Engine.Counting;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Repeats;

// A body whose series equal those of the group's last push differs from it in its values only. So the two are compared as bytes, and where
// they differ, the difference must lie inside a value: everything else that was decided for the last body (names, labels, order, types,
// checks against other groups) holds for this one. The new block is the old one with the changed values written anew.
//
//   body    static value static value ... static        what was pushed; value i is [ValueStart[i], ValueEnd[i])
//   block   static value static value ... static        what was rendered; line r's value is [LineStart[r], LineEnd[r]) and shows
//                                                       value Source[r] of the body, or none (a sum of 0 that was not pushed)
//
// Nothing is inherited but from a body that went through the full path (ShapeBuilder), and no value that could change more than its own
// digits: a count must stay whole, and negative zero, which text cannot show, is left to the full path.
//
// Ownership: a shape belongs to one group and describes its snapshot of Version; one push at a time takes it (TryTake) and gives it back. A
// push that fails half-way gives it up for good, because its tables may be half-changed by then.

/// <summary>
/// The last body of a group with what it was rendered to, so that the next one of equal shape is patched in instead of read.
/// </summary>
internal sealed class PushShape
{
    // Beyond that not every whole number is a double.
    private const double LargestWhole = 1L << 53;

    private readonly int[] _valueStart;
    private readonly int[] _valueEnd;
    private readonly int[] _source;
    private readonly int[] _lineStart;
    private readonly int[] _lineEnd;
    private readonly bool[] _isWhole;
    private readonly bool[] _isPositive;
    private readonly int[] _lastLineOfFamily;
    private readonly ReadOnlyMemory<byte>[] _families;
    private readonly bool[] _familyChanged;

    // Changed values of the body at hand: their rendered digits by value index; a length of 0 means unchanged.
    private readonly byte[] _digits;
    private readonly byte[] _digitCount;
    private readonly int[] _changed;
    private int _changedCount;

    // With room for digits to come: a body that has outgrown it is read anew.
    private readonly byte[] _body;
    private int _bodyLength;

    private readonly ShapeSums? _sums;

    // The block belongs to the snapshot that the shape describes. It may be longer than what is in it.
    private readonly BlockPool _pool;
    private byte[] _block;
    private int _blockLength;
    private int _taken;
    private bool _discarded;

    /// <summary>Makes a shape.</summary>
    /// <param name="tables">Where the values are.</param>
    /// <param name="body">The last body; copied.</param>
    /// <param name="block">What it was rendered to: the block of the snapshot.</param>
    /// <param name="blockLength">How much of the block that is.</param>
    /// <param name="families">Names of the pushed families in their order; kept.</param>
    /// <param name="pool">Where patched blocks come from.</param>
    /// <param name="sums">What values are added to; null where they take the place of others.</param>
    public PushShape(
        ShapeTables tables, ReadOnlySpan<byte> body, byte[] block, int blockLength, ReadOnlyMemory<byte>[] families, BlockPool pool,
        ShapeSums? sums)
    {
        _pool = pool;
        _sums = sums;
        _families = families;
        _familyChanged = new bool[families.Length];
        _valueStart = [.. tables.ValueStart];
        _valueEnd = [.. tables.ValueEnd];
        _source = [.. tables.Source];
        _lineStart = [.. tables.LineStart];
        _lineEnd = [.. tables.LineEnd];
        _isWhole = [.. tables.IsWhole];
        _isPositive = [.. tables.IsPositive];
        _lastLineOfFamily = [.. tables.LastLineOfFamily];
        _digits = sums is null ? new byte[_valueStart.Length * ExpositionNumber.MaxLength] : [];
        _digitCount = new byte[_valueStart.Length];
        _changed = new int[_valueStart.Length];
        _body = pool.Rent(body.Length + (body.Length / 8) + 64);
        body.CopyTo(_body);
        _bodyLength = body.Length;
        _block = block;
        _blockLength = blockLength;
    }

    /// <summary>Version of the snapshot that the shape describes.</summary>
    public long Version { get; set; }

    /// <summary>What the pushes do that it is of; <see cref="PushMode.Merge"/> of those that replace, too.</summary>
    public PushMode Mode { get; init; }

    /// <summary>How much is in the body.</summary>
    public PushExtent Extent { get; set; }

    /// <summary>How many sample lines are pushed.</summary>
    public long Samples { get; set; }

    /// <summary>What the group takes.</summary>
    public long GroupSize { get; set; }

    /// <summary>The group, while the shape is in the cache. The cache's own, as is <see cref="CacheIndex"/>.</summary>
    public GroupSlot? Slot { get; set; }

    /// <summary>Its place in the cache.</summary>
    public int CacheIndex { get; set; }

    /// <summary>When it last served a push, in the clock's timestamp units.</summary>
    public long LastUsed { get; set; }

    /// <summary>Memory held beside the group's own block, in bytes.</summary>
    public long Size => _body.Length + ((long)_valueStart.Length * (ExpositionNumber.MaxLength + 3 + (3 * sizeof(int))))
        + (_source.Length * 3L * sizeof(int)) + (_sums?.Size ?? 0);

    /// <summary>Number of pushed families.</summary>
    public int FamilyCount => _lastLineOfFamily.Length;

    /// <summary>Takes the shape for one push.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _taken, 1, 0) == 0;

    /// <summary>Gives it back.</summary>
    public void GiveBack()
    {
        Volatile.Write(ref _taken, 0);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _discarded) && TryTake())
        {
            _pool.Return(_body);
        }
    }

    /// <summary>The shape has been dropped: when nobody has it taken its memory goes, and nobody takes it again.</summary>
    public void Discard()
    {
        Volatile.Write(ref _discarded, true);
        Interlocked.MemoryBarrier();
        if (TryTake())
        {
            _pool.Return(_body);
        }
    }

    /// <summary>Compares a body with the last one, and remembers it as the last one.</summary>
    /// <returns>False if they differ in more than values, or if a value asks for the full path. The shape is of no use then.</returns>
    public bool TryCompare(ReadOnlySpan<byte> body)
    {
        if (body.Length > _body.Length)
        {
            return false;
        }

        ReadOnlySpan<byte> last = _body.AsSpan(0, _bodyLength);
        foreach (int value in _changed.AsSpan(0, _changedCount))
        {
            _digitCount[value] = 0;
        }

        _changedCount = 0;
        int next = 0;
        int at = 0;
        int lastAt = 0;
        while (true)
        {
            int common = last[lastAt..].CommonPrefixLength(body[at..]);
            int difference = lastAt + common;
            int shift = at - lastAt;
            while (next < _valueEnd.Length && _valueEnd[next] < difference)
            {
                _valueStart[next] += shift;
                _valueEnd[next++] += shift;
            }

            if (difference == last.Length && difference + shift == body.Length)
            {
                // The values behind the difference have been moved, too.
                break;
            }

            if (next == _valueEnd.Length || _valueStart[next] > difference)
            {
                return false;
            }

            int start = _valueStart[next] + shift;
            int length = body[start..].IndexOf((byte)'\n');
            if (length < 0 || !TryTakeValue(next, body.Slice(start, length)))
            {
                return false;
            }

            lastAt = _valueEnd[next];
            at = start + length;
            _valueStart[next] = start;
            _valueEnd[next++] = at;
        }

        body.CopyTo(_body);
        _bodyLength = body.Length;
        return _sums is null || _sums.TryCombine(_source);
    }

    /// <summary>The block with the values of the last body compared. It belongs to the snapshot that it is published with.</summary>
    public byte[] Block => _block;

    /// <summary>Writes the block anew with the values of the last body compared.</summary>
    public byte[] Patch()
    {
        Array.Clear(_familyChanged);
        return (_sums is { } sums ? !sums.HasChanged : _changedCount == 0) ? _block
            : _sums is not null ? Patch(_sums)
            : Patch(new ValueDigits(_source, _digitCount, _digits));
    }

    private byte[] Patch<T>(T values)
        where T : ILineDigits
    {
        int[] lineStart = _lineStart;
        int[] lineEnd = _lineEnd;
        long size = _blockLength;
        for (int line = 0; line < lineStart.Length; line++)
        {
            int digits = values.CountOf(line);
            size += digits == 0 ? 0 : digits - (lineEnd[line] - lineStart[line]);
        }

        byte[] block = _pool.Rent(checked((int)size));
        ReadOnlySpan<byte> old = _block.AsSpan(0, _blockLength);
        Span<byte> made = block;
        int copied = 0;
        int shift = 0;
        int family = 0;
        for (int line = 0; line < lineStart.Length; line++)
        {
            int start = lineStart[line];
            int end = lineEnd[line];
            int digits = values.CountOf(line);
            lineStart[line] = start + shift;
            if (digits > 0)
            {
                while (_lastLineOfFamily[family] < line)
                {
                    family++;
                }

                _familyChanged[family] = true;
                old[copied..start].CopyTo(made[(copied + shift)..]);
                values.Of(line, digits).CopyTo(made[(start + shift)..]);
                copied = end;
                shift += digits - (end - start);
            }

            lineEnd[line] = end + shift;
        }

        old[copied..].CopyTo(made[(copied + shift)..]);
        _block = block;
        _blockLength = (int)size;
        return block;
    }

    /// <summary>
    /// Whether the pushed family at a position has this name. Entries of one group share their names' memory, so this is quick.
    /// </summary>
    public bool IsFamily(int family, ReadOnlyMemory<byte> name) =>
        _families[family].Equals(name) || _families[family].Span.SequenceEqual(name.Span);

    /// <summary>Where the text of the pushed families ends in the block, in the order of their names: the LF of the last line.</summary>
    public int FamilyEnd(int family) => _lineEnd[_lastLineOfFamily[family]] + 1;

    /// <summary>Whether the last <see cref="Patch"/> wrote a value of the pushed family anew.</summary>
    public bool IsFamilyChanged(int family) => _familyChanged[family];

    private bool TryTakeValue(int index, ReadOnlySpan<byte> text)
    {
        if (!ExpositionNumber.TryParse(text, out double value)
            || (value == 0 && (double.IsNegative(value) || _isPositive[index]))
            || (_isWhole[index] && !(value >= 0 && value <= LargestWhole && Math.Floor(value) == value)))
        {
            return false;
        }

        if (_sums is not null)
        {
            _sums.Take(index, value);
            return true;
        }

        Span<byte> digits = _digits.AsSpan(index * ExpositionNumber.MaxLength, ExpositionNumber.MaxLength);
        _digitCount[index] = (byte)ExpositionNumber.Format(value, digits);
        _changed[_changedCount++] = index;
        return true;
    }
}
