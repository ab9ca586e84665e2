using System.Diagnostics;
using Exposition.Engine.Consistency;
using Exposition.Engine.Groups;

namespace Exposition.Engine;

/// <summary>A family of a group that is stored but not exposed, because it contradicts what was there before it.</summary>
[DebuggerDisplay("{System.Text.Encoding.UTF8.GetString(Name.Span),nq}: {Reason}")]
internal sealed class HiddenFamily
{
    private string _reason;

    internal HiddenFamily(ReadOnlyMemory<byte> name, Clash clash)
    {
        Name = name;
        _reason = clash.Message;
        Clash = clash;
    }

    /// <summary>UTF-8 name.</summary>
    public ReadOnlyMemory<byte> Name { get; }

    /// <summary>What it contradicts, as the refusal of a checked push would say.</summary>
    public string Reason => Volatile.Read(ref _reason);

    // The rest is the writer's: when it came among all that were hidden, what keeps it hidden, and where it waits for that to go.
    internal long Order { get; set; }

    internal Clash Clash { get; private set; }

    internal GroupSlot? Slot { get; set; }

    internal WaitingFamilies? Waiting { get; set; }

    // Its neighbours there.
    internal HiddenFamily? WaitsBefore { get; set; }

    internal HiddenFamily? WaitsAfter { get; set; }

    internal static Comparer<HiddenFamily> ByName { get; } =
        Comparer<HiddenFamily>.Create(static (a, b) => a.Name.Span.SequenceCompareTo(b.Name.Span));

    // Among some in order of their names.
    internal static HiddenFamily? Find(ReadOnlySpan<HiddenFamily> hidden, ReadOnlySpan<byte> name)
    {
        int at = PlaceOf(hidden, name);
        return at < hidden.Length && hidden[at].IsNamed(name) ? hidden[at] : null;
    }

    // That of the first from there on that does not come before the name.
    internal static int PlaceOf(ReadOnlySpan<HiddenFamily> hidden, ReadOnlySpan<byte> name, int from = 0)
    {
        int low = from, high = hidden.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = hidden[middle].Name.Span.SequenceCompareTo(name) < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return low;
    }

    internal bool IsNamed(ReadOnlySpan<byte> name) => Name.Span.SequenceEqual(name);

    // It is no more.
    internal void Leave()
    {
        Waiting?.Remove(this);
        Slot = null;
    }

    internal void StillHiddenBy(Clash clash)
    {
        Clash = clash;
        Volatile.Write(ref _reason, clash.Message);
    }
}
