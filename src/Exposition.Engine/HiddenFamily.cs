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

    internal HashSet<HiddenFamily>? Waiting { get; set; }

    // Among some in order of their names.
    internal static HiddenFamily? Find(ReadOnlySpan<HiddenFamily> hidden, ReadOnlySpan<byte> name)
    {
        int low = 0, high = hidden.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = hidden[middle].Name.Span.SequenceCompareTo(name);
            if (order == 0)
            {
                return hidden[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    internal void StillHiddenBy(Clash clash)
    {
        Clash = clash;
        Volatile.Write(ref _reason, clash.Message);
    }
}
