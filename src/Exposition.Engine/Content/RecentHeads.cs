using System.Diagnostics;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Content;

/// <summary>
/// What the last row said of the family at each place: nearly always the next says the same, and shares it. For one thread; keeps as many
/// as a small row has families.
/// </summary>
internal sealed class RecentHeads
{
    private readonly List<FamilyHead> _heads = [];

    /// <summary>The head at a place: that of the last row if it says the same, or else one with memory of its own.</summary>
    public FamilyHead At(int place, ReadOnlyMemory<byte> name, MetricType type, bool hasHelp, ReadOnlyMemory<byte> help, byte unitLength)
    {
        Debug.Assert(place <= _heads.Count, "The families of a row come in their order.");
        if (place < _heads.Count && _heads[place].Says(name.Span, type, hasHelp, help.Span, unitLength))
        {
            return _heads[place];
        }

        var own = new FamilyHead(name.ToArray(), type, hasHelp, help.ToArray(), unitLength);
        if (place < _heads.Count)
        {
            _heads[place] = own;
        }
        else
        {
            _heads.Add(own);
        }

        return own;
    }
}
