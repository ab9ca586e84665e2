using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>
/// A series with the points of it that a request has. Of last values and running totals the latest counts, in whatever order they come;
/// deltas are one more each.
/// </summary>
internal sealed class SeriesPlan(Label[] labels, OtlpPoint first, TextRef place)
{
    private const string Twice =
        "a point has the labels and the time of an earlier one: attributes of its resource or scope that tell them apart are no labels";

    private readonly ulong _start = first.Start;
    private ulong _time = first.Time;
    private HashSet<(ulong Start, ulong Time)>? _spans;

    public Label[] Labels => labels;

    /// <summary>Where the point is that counts; of deltas the first.</summary>
    public TextRef Place { get; private set; } = place;

    /// <summary>Where further deltas are.</summary>
    public List<TextRef> Others { get; } = [];

    /// <summary>How many points it stands for.</summary>
    public long Points { get; private set; } = 1;

    /// <summary>Takes a point in place of the one that was there, if it is later.</summary>
    /// <returns>Why it was not taken; null if it was, or was no longer needed.</returns>
    public string? AddLater(OtlpPoint point, TextRef at)
    {
        if (point.Time == _time)
        {
            return Twice;
        }

        Points++;
        if (point.Time > _time)
        {
            (Place, _time) = (at, point.Time);
        }

        return null;
    }

    /// <summary>Takes one more delta, unless one of the same span was there.</summary>
    /// <returns>Why it was not taken; null if it was.</returns>
    public string? AddDelta(OtlpPoint point, TextRef at)
    {
        _spans ??= [(_start, _time)];
        if (!_spans.Add((point.Start, point.Time)))
        {
            return Twice;
        }

        Points++;
        Others.Add(at);
        return null;
    }
}
