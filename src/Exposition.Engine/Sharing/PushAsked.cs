using System.Diagnostics;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Sharing;

/// <summary>
/// The request of a push that depends on what its group has: it is joined with that, or has an id. After a conflict the push is prepared
/// from it again, on the newest state, which decides what it makes and whether it counts at all. Its memory is its own.
/// </summary>
/// <param name="Format">The body's language.</param>
/// <param name="Body">The decoded body.</param>
/// <param name="Mode">What becomes of the group's other families.</param>
/// <param name="Details">What else was said with it.</param>
[DebuggerDisplay("{Mode}, {Body.Length} bytes")]
internal sealed record PushAsked(PushFormat Format, ReadOnlyMemory<byte> Body, PushMode Mode, PushDetails Details)
{
    /// <summary>Whether it would count twice if it were carried out twice.</summary>
    public bool MayCountTwice => Details.Id.IsEmpty && (Mode == PushMode.Add || Details.Parts is not null);

    /// <summary>Whether a push is one that looks at what its group has.</summary>
    public static bool IsOne(PushMode mode, in PushDetails details) =>
        PushModes.Joins(mode) || !details.Id.IsEmpty || details.Parts is not null;

    /// <summary>Copies it.</summary>
    public static PushAsked Copy(PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, in PushDetails details) =>
        new(format, body.ToArray(), mode, details with { Id = details.Id.ToArray(), Source = details.Source.ToArray() });
}
