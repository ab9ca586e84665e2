using System.Text;
using Exposition.Engine;
using Exposition.Formats.Translation;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Otlp;

/// <summary>Gives what was translated to the store.</summary>
internal static class OtlpStoring
{
    /// <summary>
    /// Pushes it: gauges take the places of those of their labels, deltas are added, running totals are added by their source.
    /// </summary>
    public static PushOutcome Push(StoreTarget target, OtlpPush push)
    {
        PushMode[] modes = [.. push.Modes.Select(static family => ModeOf(family.Mode))];
        return target.Push(push.Key, PushFormat.Protobuf, push.Body, modes.Max(), new PushDetails(Sender: push.Sender)
        {
            Id = Encoding.UTF8.GetBytes(push.Id),
            Source = Encoding.UTF8.GetBytes(push.Source),
            FamilyModes = modes,
        });
    }

    // Of a push with running totals the mode is theirs, as they need the source.
    private static PushMode ModeOf(PointsMode mode) => mode switch
    {
        PointsMode.Add => PushMode.Add,
        PointsMode.Cumulative => PushMode.Cumulative,
        _ => PushMode.Series,
    };
}
