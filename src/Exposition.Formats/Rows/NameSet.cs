namespace Exposition.Formats.Rows;

/// <summary>The label names of the line at hand, to find repeated ones.</summary>
internal sealed class NameSet
{
    // Up to here comparing with each name is quicker than hashing.
    private const int FewNames = 16;

    private RowList<TextRef> _names;
    private HashSlots _hashed;
    private int _hashedCount;

    public void Clear() => _names.Clear(1 << 16);

    public void StartLine()
    {
        _names.Truncate(0);
        _hashedCount = 0;
    }

    /// <summary>Takes a name.</summary>
    /// <param name="set">The set whose text the name is.</param>
    /// <param name="name">The name.</param>
    /// <param name="mayRepeat">True for le and quantile where they are not labels: they may come twice.</param>
    /// <returns>False if it repeats a name of the same line.</returns>
    public bool Accept(FamilySet set, TextRef name, bool mayRepeat)
    {
        if (IsTaken(set, name))
        {
            return mayRepeat;
        }

        _names.Add(name);
        return true;
    }

    private bool IsTaken(FamilySet set, TextRef name)
    {
        ReadOnlySpan<byte> wanted = set.Text(name);
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
