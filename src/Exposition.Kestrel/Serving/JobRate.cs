using System.Runtime.InteropServices;
using Exposition.Engine;

namespace Exposition.Kestrel.Serving;

// A token bucket per job, kept as one number: the time at which the job's bucket would be empty if each push took its share of a second
// (the generic cell rate algorithm). A job whose time lies in the past has a full bucket and need not be remembered; so the table holds
// no more jobs than have pushed within the last second, and is swept when it has doubled. Of a name, which may be long, a hash is kept: it
// is keyed anew in each process, so nobody can make two jobs share a bucket.

/// <summary>Bounds the pushes of each job. Safe for concurrent use.</summary>
/// <param name="perSecond">The most pushes of one job in a second; 0 for any number.</param>
/// <param name="time">The clock.</param>
/// <param name="see">Told how many a job has pushed within a second.</param>
internal sealed class JobRate(int perSecond, TimeProvider time, Action<long>? see = null)
{
    private const int FirstSweep = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, long> _until = [];
    private readonly long _share = perSecond > 0 ? Math.Max(1, time.TimestampFrequency / perSecond) : 0;
    private int _sweepAt = FirstSweep;

    public int Count => _until.Count;

    /// <summary>Takes a push of the key's job; false if it is one too many.</summary>
    public bool TryTake(GroupingKey key)
    {
        if (perSecond <= 0)
        {
            return true;
        }

        ulong job = Job(key);
        long now = time.GetTimestamp();
        lock (_lock)
        {
            bool fits = Fits(job, 1, now);
            if (fits)
            {
                Take(job, 1, now);
            }

            return fits;
        }
    }

    /// <summary>
    /// Takes a push of the job of each key, all or none. More than a second's pushes of one job are taken when it has not pushed for a
    /// second, and then it waits the longer.
    /// </summary>
    public bool TryTake(IReadOnlyList<GroupingKey> keys)
    {
        if (perSecond <= 0)
        {
            return true;
        }

        KeyValuePair<ulong, int>[] jobs = [.. keys.CountBy(Job)];
        long now = time.GetTimestamp();
        lock (_lock)
        {
            bool fits = Array.TrueForAll(jobs, job => Fits(job.Key, job.Value, now));
            foreach ((ulong job, int pushes) in fits ? jobs : [])
            {
                Take(job, pushes, now);
            }

            return fits;
        }
    }

    // These run under the lock.
    private bool Fits(ulong job, int pushes, long now) =>
        _until.GetValueOrDefault(job) - now <= Math.Max(0, time.TimestampFrequency - (pushes * _share));

    private void Take(ulong job, int pushes, long now)
    {
        ref long until = ref CollectionsMarshal.GetValueRefOrAddDefault(_until, job, out _);
        until = Math.Max(until, now) + (pushes * _share);
        see?.Invoke((until - now + _share - 1) / _share);
        if (_until.Count >= _sweepAt)
        {
            Sweep(now);
        }
    }

    private static ulong Job(GroupingKey key)
    {
        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Name.SequenceEqual("job"u8))
            {
                return (ulong)Hash(label.Value, 0) << 32 | Hash(label.Value, 1);
            }
        }

        return 0;
    }

    private static uint Hash(ReadOnlySpan<byte> name, int half)
    {
        HashCode hash = default;
        hash.Add(half);
        hash.AddBytes(name);
        return (uint)hash.ToHashCode();
    }

    private void Sweep(long now)
    {
        foreach ((ulong job, long until) in _until)
        {
            if (until <= now)
            {
                _until.Remove(job);
            }
        }

        _sweepAt = Math.Max(FirstSweep, _until.Count * 2);
    }
}
