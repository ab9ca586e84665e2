namespace Exposition.Formats.Internal;

// Lines of an exposition mostly repeat the label names of the line before, in the same order. Where they do, a name is found by comparing
// instead of scanning, and as the names before were distinct, so are these. Entry i is the i-th name of the current line once it has been
// read, and until then the i-th name of the line before; both are the same array because equal names need not be written again.

/// <summary>The label names of the current and of the previous sample line, for guessing names and finding repeated ones.</summary>
internal sealed class LineShape
{
    // Up to here comparing with each name is quicker than hashing.
    private const int FewNames = 16;

    private RowList<Entry> _names;
    private HashSlots _hashed;
    private int _hashedCount;
    private int _count;
    private bool _asBefore;

    public void Clear()
    {
        _names.Clear(keep: 1 << 12);
        StartLine();
    }

    public void StartLine()
    {
        (_count, _hashedCount, _asBefore) = (0, 0, true);
    }

    /// <summary>The name that the next label probably has; only names that stand unquoted in the source are guessed.</summary>
    public TextRef Guess => _count < _names.Count && _names.Span[_count].Plain ? _names.Span[_count].Name : default;

    /// <summary>Takes the guessed name, found at <paramref name="start"/> again.</summary>
    /// <returns>False if it repeats a name of the same line.</returns>
    public bool AcceptGuess(FamilySet set, int start, bool mayRepeat)
    {
        if (_asBefore)
        {
            _count++;
            return true;
        }

        return Accept(set, new TextRef(start, _names.Span[_count].Name.Length), plain: true, mayRepeat);
    }

    /// <summary>Takes a name that was read.</summary>
    /// <param name="set">The set whose text the name is.</param>
    /// <param name="name">The name.</param>
    /// <param name="plain">Whether it stands unquoted in the source.</param>
    /// <param name="mayRepeat">True for le and quantile where they are not labels: they may come twice.</param>
    /// <returns>False if it repeats a name of the same line.</returns>
    public bool Accept(FamilySet set, TextRef name, bool plain, bool mayRepeat)
    {
        _asBefore = false;
        if (IsTaken(set, name))
        {
            // A name that may repeat is not entered twice, so that the names of a shape are always distinct.
            return mayRepeat;
        }

        var entry = new Entry(name, plain);
        if (_count < _names.Count)
        {
            _names.Span[_count] = entry;
        }
        else
        {
            _names.Add(entry);
        }

        _count++;
        return true;
    }

    /// <summary>Ends the label list of a line; the next one is guessed from it.</summary>
    public void EndLine() => _names.Truncate(_count);

    private bool IsTaken(FamilySet set, TextRef name)
    {
        ReadOnlySpan<byte> wanted = set.Text(name);
        ReadOnlySpan<Entry> names = _names.Span[.._count];
        if (_count <= FewNames)
        {
            foreach (ref readonly Entry entry in names)
            {
                if (entry.Name.Length == wanted.Length && set.Text(entry.Name).SequenceEqual(wanted))
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
            _hashed.Add(Hash.Text(set.Text(names[_hashedCount].Name)), _hashedCount);
        }

        uint hash = Hash.Text(wanted);
        int position = _hashed.Start(hash);
        while (_hashed.Next(hash, ref position, out int i))
        {
            if (set.Text(names[i].Name).SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Entry(TextRef Name, bool Plain);
}
