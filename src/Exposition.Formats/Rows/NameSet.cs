namespace Exposition.Formats.Rows;

/// <summary>Texts of a set of which none may come twice: the label names of a line, the names of families. Used again.</summary>
internal sealed class NameSet
{
    // Up to here comparing with each name is quicker than hashing.
    private const int FewNames = 16;

    private RowList<TextRef> _names;
    private HashSlots _hashed;
    private int _hashedCount;

    /// <summary>Forgets the names, and memory that many have taken.</summary>
    public void Clear()
    {
        _names.Clear(1 << 20);
        _hashed.Clear();
        _hashedCount = 0;
    }

    /// <summary>Forgets the names.</summary>
    public void Restart()
    {
        _names.Truncate(0);
        _hashedCount = 0;
    }

    /// <summary>Takes a text in.</summary>
    /// <returns>False if it is there already.</returns>
    public bool TryAdd(FamilySet set, TextRef name)
    {
        if (Contains(set, set.Text(name)))
        {
            return false;
        }

        _names.Add(name);
        return true;
    }

    /// <summary>Whether a text is there.</summary>
    public bool Contains(FamilySet set, ReadOnlySpan<byte> wanted)
    {
        ReadOnlySpan<TextRef> names = _names.Span;
        if (names.Length <= FewNames)
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

        for (; _hashedCount < names.Length; _hashedCount++)
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
