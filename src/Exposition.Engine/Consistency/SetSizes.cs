namespace Exposition.Engine.Consistency;

/// <summary>
/// Knows the largest of many sets that grow and shrink by one: how many there are of each size. Changed by one thread at a time.
/// </summary>
internal sealed class SetSizes
{
    private int[] _count = new int[8];
    private int _most;

    /// <summary>The size of the largest. Safe from any thread.</summary>
    public int Most => Volatile.Read(ref _most);

    /// <summary>A set has another size by one; 0 for one that is not there.</summary>
    public void Change(int before, int now)
    {
        if (now >= _count.Length)
        {
            Array.Resize(ref _count, 2 * now);
        }

        _count[before]--;
        _count[now]++;
        if (now > _most)
        {
            Volatile.Write(ref _most, now);
        }
        else if (before == _most && _count[before] == 0)
        {
            // There is one of that size now.
            Volatile.Write(ref _most, now);
        }
    }

    public void Clear()
    {
        Array.Clear(_count);
        Volatile.Write(ref _most, 0);
    }
}
