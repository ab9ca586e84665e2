using Exposition.Engine;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Serving;

/// <summary>What the store says of a push, as an answer.</summary>
internal static class PushAnswer
{
    /// <summary>The answer.</summary>
    /// <param name="outcome">What became of the push.</param>
    /// <param name="asItIs">Whether the body says that it is encoded, in a way that is not known.</param>
    public static Answer Of(in PushOutcome outcome, bool asItIs) => outcome.Status switch
    {
        PushStatus.Stored => new Answer(200),
        PushStatus.Accepted => new Answer(202, outcome.Error, Why: outcome.Error is null ? Refusal.None : Refusal.Inconsistent),
        PushStatus.TooManySeries => new Answer(413, outcome.Error, Close: false, Limit.SeriesPerPush),
        PushStatus.TooManyNameSets => new Answer(507, outcome.Error, Close: false, Limit.GroupingNameSets, Refusal.Overload),
        PushStatus.RenderedTooLarge => new Answer(413, outcome.Error, Close: false, Limit.RenderedBytes),
        PushStatus.GroupingKeyTooLong => new Answer(414, outcome.Error, Close: false, Limit.GroupingKeyBytes, Refusal.TooLarge),
        PushStatus.GroupTooLarge => new Answer(507, outcome.Error, Close: false, Limit.GroupBytes, Refusal.TooLarge),
        PushStatus.StoreFull => new Answer(507, outcome.Error, Close: false, Limit.StoredBytes, Refusal.Overload),
        PushStatus.TooManyGroups => new Answer(507, outcome.Error, Close: false, Limit.Groups, Refusal.Overload),
        PushStatus.GroupTooManySeries => new Answer(507, outcome.Error, Close: false, Limit.SeriesPerGroup, Refusal.TooLarge),
        PushStatus.TooManySources => new Answer(507, outcome.Error, Close: false, Limit.Sources, Refusal.Overload),
        PushStatus.IdReused => new Answer(422, outcome.Error, Why: Refusal.Id),
        PushStatus.LabelTooLong => new Answer(400, outcome.Error, Close: false, Limit.LabelValueBytes, Refusal.TooLarge),
        PushStatus.Malformed when asItIs => new Answer(
            415, $"Content-Encoding is not one of {ContentCoding.Understood}; read as it is: {outcome.Error}", Why: Refusal.Encoding),
        PushStatus.Malformed => new Answer(400, outcome.Error, Why: Refusal.Malformed),
        _ => new Answer(400, outcome.Error, Why: Refusal.Inconsistent),
    };
}
