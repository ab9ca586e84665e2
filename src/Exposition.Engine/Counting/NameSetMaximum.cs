namespace Exposition.Engine.Counting;

/// <summary>
/// Under how many sets of grouping label names that family is stored which is under most. Changed under the store's writer lock, one set of
/// one family at a time, so that the most is never further away than the next number; it may be read at any time.
/// </summary>
internal sealed class NameSetMaximum
{
    // How many families have so many sets.
    private int[] _families = new int[8];
    private int _most;

    public int Most => Volatile.Read(ref _most);

    /// <summary>A family that had so many sets has one more or fewer.</summary>
    public void Change(int before, int after)
    {
        if (after >= _families.Length)
        {
            Array.Resize(ref _families, 2 * after);
        }

        _families[before]--;
        _families[after]++;
        if (after > _most)
        {
            Volatile.Write(ref _most, after);
        }
        else if (before == _most && _families[before] == 0)
        {
            Volatile.Write(ref _most, after);
        }
    }

    /// <summary>All have gone.</summary>
    public void Clear()
    {
        Array.Clear(_families);
        Volatile.Write(ref _most, 0);
    }
}
