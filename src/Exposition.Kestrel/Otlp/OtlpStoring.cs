using System.Text;
using Exposition.Engine;
using Exposition.Engine.Adding;
using Exposition.Formats.Translation;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Otlp;

/// <summary>Gives what was translated to the store.</summary>
internal static class OtlpStoring
{
    /// <summary>
    /// Pushes it: gauges take the places of those of their labels, deltas are added, running totals are added by their source.
    /// </summary>
    /// <returns>Null where it would have to wait for another push to the group, and may not.</returns>
    public static PushOutcome? Push(StoreTarget target, OtlpPush push, object? sender, bool waits)
    {
        PushMode[] modes = [.. push.Modes.Select(ModeOf)];
        var details = new PushDetails(Sender: sender)
        {
            Id = Encoding.UTF8.GetBytes(push.Id),
            Source = Encoding.UTF8.GetBytes(push.Resource.Source),
            Parts = new PushParts(modes, push.Times),
        };
        return waits ? target.Push(push.Key, PushFormat.Protobuf, push.Body, modes.Max(), details)
            : target.TryPush(push.Key, PushFormat.Protobuf, push.Body, modes.Max(), details);
    }

    // Of a push with running totals the mode is theirs, as they need the source.
    private static PushMode ModeOf(PointsMode mode) => mode switch
    {
        PointsMode.Add => PushMode.Add,
        PointsMode.Cumulative => PushMode.Cumulative,
        _ => PushMode.Series,
    };
}
