using System.Diagnostics;
using Exposition.Engine.Explore;

namespace Exposition.Engine.Groups;

// Versioned compare-and-swap (Wei, Ben-David, Blelloch, Fatourou, Ruppert, Sun: "Constant-time snapshots with applications to concurrent
// data structures", PPoPP 2021). The clock is advanced by views alone. What is published is first put in its place, unstamped, and then
// stamped with the clock's value, by its publisher or by whoever meets it before that. So for a view at time t, which has moved the clock
// to t + 1 before it looked at anything:
//   - what it finds in place, and what was in place before it moved the clock, can be told apart by the stamps: <= t belongs to it, > t
//     does not;
//   - what is put in place after it has looked is stamped t + 1 or later, for the clock is read after that.
//
// Views say where they are, so that everybody can tell what no view needs any more:
//   0         no view
//   -c        a view that begins; its time is c or later
//   2t + 1    a view at time t that collects. It goes from newer to older publications until one is not younger than t, and then has what
//             was newest at t
//   2t        a view that has collected at time t, and goes nowhere any more
// A view says -c before it reads the clock, with a full fence between. So who has stamped something with v, then passes a full fence, and
// then finds a place empty, knows of every view that comes to it later that its time is v or later.
// What a view goes over on its way, it does not read: so what came and went after its time may be used again, but for the links.

/// <summary>The store's clock, and the points in time at which somebody looks. Safe for concurrent use; never waits.</summary>
internal sealed class Timeline
{
    /// <summary>Not stamped yet.</summary>
    public const long Unstamped = 0;

    /// <summary>A stamp older than every view.</summary>
    public const long Ever = 1;

    /// <summary>A stamp younger than every view.</summary>
    public const long Never = long.MaxValue;

    // More views than that still work, but as long as they are there nothing is used again.
    private const int Places = 64;

    private readonly long[] _views = new long[Places];
    private int _placesUsed;
    private int _uncounted;
    private long _writes;
    private long _now = 2;

    /// <summary>
    /// Stamps what is in its place already: the caller has seen it there, or has put it there and passed a full fence, before the clock is
    /// read.
    /// </summary>
    /// <returns>The stamp, be it this one or an earlier one.</returns>
    public long Stamp(ref long publishedAt)
    {
        long stamp = Volatile.Read(ref publishedAt);
        if (stamp != Unstamped)
        {
            return stamp;
        }

        Explored.Step("ReadClock");
        long now = Volatile.Read(ref _now);
        Explored.Step("Stamp");
        stamp = Interlocked.CompareExchange(ref publishedAt, now, Unstamped);
        return stamp == Unstamped ? now : stamp;
    }

    /// <summary>A view begins. Until it says otherwise it may look at everything that is not older than now.</summary>
    /// <returns>Its place.</returns>
    public int Announce()
    {
        long now = Volatile.Read(ref _now);
        for (int place = 0; place < Places; place++)
        {
            Explored.Step("Announce");
            if (Interlocked.CompareExchange(ref _views[place], -now, 0) == 0)
            {
                int used;
                while ((used = Volatile.Read(ref _placesUsed)) <= place
                    && Interlocked.CompareExchange(ref _placesUsed, place + 1, used) != used)
                {
                }

                return place;
            }
        }

        Interlocked.Increment(ref _uncounted);
        return -1;
    }

    /// <summary>
    /// The time of a view that has been announced: all that is stamped by now, and nothing that is stamped later, belongs to it.
    /// </summary>
    public long Take()
    {
        Interlocked.MemoryBarrier();
        Explored.Step("ReadClock");
        long now = Volatile.Read(ref _now);
        Explored.Step("AdvanceClock");

        // If this fails, another view has moved the clock since, which does as well.
        Interlocked.CompareExchange(ref _now, now + 1, now);
        return now;
    }

    /// <summary>A view knows its time, and collects.</summary>
    public void Collect(int place, long at) => Say(place, (2 * at) + 1);

    /// <summary>A view has collected.</summary>
    public void Settle(int place, long at) => Say(place, 2 * at);

    private void Say(int place, long state)
    {
        Explored.Step("Settle");
        if (place >= 0)
        {
            Debug.Assert(Volatile.Read(ref _views[place]) != 0, "the view was not announced, or has left");
            Volatile.Write(ref _views[place], state);
        }
    }

    /// <summary>A view ends.</summary>
    public void Leave(int place)
    {
        Explored.Step("Leave");
        if (place >= 0)
        {
            Debug.Assert(Volatile.Read(ref _views[place]) != 0, "the view has left already");
            Volatile.Write(ref _views[place], 0);
        }
        else
        {
            Interlocked.Decrement(ref _uncounted);
        }
    }

    /// <summary>Which writer is at work, of whom there is one at a time; 0 for none.</summary>
    public long Writer
    {
        get
        {
            long writes = Volatile.Read(ref _writes);
            return (writes & 1) != 0 ? writes : 0;
        }
    }

    /// <summary>A writer begins. Until its end nothing is used again that is in its place now, or comes to one.</summary>
    public void BeginWrite()
    {
        long writes = Interlocked.Increment(ref _writes);
        Debug.Assert((writes & 1) != 0, "two writers at once");
    }

    /// <summary>Ends <see cref="BeginWrite"/>.</summary>
    public void EndWrite()
    {
        long writes = Interlocked.Increment(ref _writes);
        Debug.Assert((writes & 1) == 0, "no writer was at work");
    }

    /// <summary>
    /// No view goes back behind the newest publication that is stamped with this or earlier; nor does one that comes later, if the caller
    /// has stamped something with this or earlier, and passed a full fence.
    /// </summary>
    public long Floor()
    {
        Explored.Step("LookForViews");
        if (Volatile.Read(ref _uncounted) > 0)
        {
            return Ever;
        }

        long floor = Never;
        int used = Volatile.Read(ref _placesUsed);
        for (int place = 0; place < used; place++)
        {
            Explored.Step("LookForViews");
            long view = Volatile.Read(ref _views[place]);
            floor = view < 0 ? Math.Min(floor, -view) : (view & 1) != 0 ? Math.Min(floor, view >> 1) : floor;
        }

        return floor;
    }

    /// <summary>Whether there are more views than have places.</summary>
    public bool HasUncounted => Volatile.Read(ref _uncounted) > 0;

    /// <summary>
    /// Whether a view may show what was newest from one time until another, at which something else took its place. The caller is who put
    /// that there; it has stamped it, and passed a full fence.
    /// </summary>
    public bool MayBeSeen(long from, long until)
    {
        Explored.Step("LookForViews");
        if (Volatile.Read(ref _uncounted) > 0)
        {
            return true;
        }

        int used = Volatile.Read(ref _placesUsed);
        for (int place = 0; place < used; place++)
        {
            Explored.Step("LookForViews");
            long view = Volatile.Read(ref _views[place]);
            if (view < 0 ? -view < until : view >= 2 * from && view < 2 * until)
            {
                return true;
            }
        }

        return false;
    }
}
