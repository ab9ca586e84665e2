using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Exposition.Engine.Groups;

/// <summary>
/// Hidden families that wait for the same thing; under the writer lock. They are linked to one another: there may be as many as groups, and
/// a table of them would be made anew under the lock as it grows.
/// </summary>
internal sealed class WaitingFamilies
{
    private HiddenFamily? _last;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one that waits for nothing else.</summary>
    public void Add(HiddenFamily hidden)
    {
        Debug.Assert(hidden.Waiting is null, "a family waits for one thing at a time");
        (hidden.Waiting, hidden.WaitsBefore, hidden.WaitsAfter) = (this, null, _last);
        if (_last is not null)
        {
            _last.WaitsBefore = hidden;
        }

        _last = hidden;
        Count++;
    }

    /// <summary>Takes out one of them.</summary>
    public void Remove(HiddenFamily hidden)
    {
        Debug.Assert(hidden.Waiting == this, "it waits here");
        if (hidden.WaitsBefore is { } before)
        {
            before.WaitsAfter = hidden.WaitsAfter;
        }
        else
        {
            _last = hidden.WaitsAfter;
        }

        if (hidden.WaitsAfter is { } after)
        {
            after.WaitsBefore = hidden.WaitsBefore;
        }

        (hidden.Waiting, hidden.WaitsBefore, hidden.WaitsAfter) = (null, null, null);
        Count--;
    }

    /// <summary>Takes out any.</summary>
    public bool TryTake([NotNullWhen(true)] out HiddenFamily? hidden)
    {
        hidden = _last;
        if (hidden is not null)
        {
            Remove(hidden);
        }

        return hidden is not null;
    }
}
