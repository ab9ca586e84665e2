namespace Exposition.Formats.Internal;

// Lines of an exposition mostly repeat the label names of the line before, in the same order. As far as they do, a name is found by comparing
// instead of scanning, and as the names before were distinct, so are these. Entry i is the i-th name of the current line once it has been
// taken, and until then the i-th name of the line before; both are the same array because equal names need not be written again.

/// <summary>The label names of the current and of the previous sample line, to expect names and to find repeated ones.</summary>
internal sealed class LineShape
{
    // Up to here comparing with each name is quicker than hashing.
    private const int FewNames = 16;

    private RowList<TextRef> _names;
    private RowList<TextRef> _expected;
    private HashSlots _hashed;
    private int _hashedCount;
    private int _count;

    public void Clear()
    {
        _names.Clear(keep: 1 << 12);
        _expected.Clear(keep: 1 << 12);
        StartLine();
    }

    public void StartLine()
    {
        (_count, _hashedCount) = (0, 0);
    }

    /// <summary>The names that the labels of this line probably have; ask before any was taken. A name that cannot be guessed, because it does
    /// not stand unquoted in the source, is empty.</summary>
    public ReadOnlySpan<TextRef> Expected => _expected.Span;

    /// <summary>Takes the first <paramref name="count"/> expected names as those of this line.</summary>
    public void TakeExpected(int count)
    {
        _count = count;
    }

    /// <summary>Takes a name that was read.</summary>
    /// <param name="set">The set whose text the name is.</param>
    /// <param name="name">The name.</param>
    /// <param name="plain">Whether it stands unquoted in the source.</param>
    /// <param name="mayRepeat">True for le and quantile where they are not labels: they may come twice.</param>
    /// <returns>False if it repeats a name of the same line.</returns>
    public bool Accept(FamilySet set, TextRef name, bool plain, bool mayRepeat)
    {
        if (IsTaken(set, name))
        {
            // A name that may repeat is not entered twice, so that the names of a shape are always distinct.
            return mayRepeat;
        }

        _names.Truncate(_count);
        _expected.Truncate(_count);
        _names.Add(name);
        _expected.Add(plain ? name : default);
        _count++;
        return true;
    }

    /// <summary>Ends the label list of a line; the next one is guessed from it.</summary>
    public void EndLine()
    {
        _names.Truncate(_count);
        _expected.Truncate(_count);
    }

    private bool IsTaken(FamilySet set, TextRef name)
    {
        ReadOnlySpan<byte> wanted = set.Text(name);
        ReadOnlySpan<TextRef> names = _names.Span[.._count];
        if (_count <= FewNames)
        {
            foreach (ref readonly TextRef other in names)
            {
                if (other.Length == wanted.Length && set.Text(other).SequenceEqual(wanted))
                {
                    return true;
                }
            }

            return false;
        }

        if (_hashedCount == 0)
        {
            _hashed.Clear();
        }

        for (; _hashedCount < _count; _hashedCount++)
        {
            _hashed.Add(KeyedHash.Text(set.Text(names[_hashedCount])), _hashedCount);
        }

        uint hash = KeyedHash.Text(wanted);
        int position = _hashed.Start(hash);
        while (_hashed.Next(hash, ref position, out int i))
        {
            if (set.Text(names[i]).SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }
}
