using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>The points of a series that have one start: of last values and running totals the latest counts.</summary>
/// <param name="start">Their start; 0 for unknown.</param>
/// <param name="time">Of when the first is.</param>
/// <param name="place">Where it is.</param>
internal sealed class Stretch(ulong start, ulong time, TextRef place)
{
    public ulong Start => start;

    /// <summary>Of when the latest is.</summary>
    public ulong Time { get; private set; } = time;

    /// <summary>Where the point is that counts; of deltas the first.</summary>
    public TextRef Place { get; private set; } = place;

    /// <summary>Where further deltas are.</summary>
    public List<TextRef> Others { get; } = [];

    /// <summary>How many points it stands for.</summary>
    public long Points { get; private set; } = 1;

    /// <summary>Takes a point in place of the one that was there, if it is later.</summary>
    public void TakeLater(OtlpPoint point, TextRef at)
    {
        Points++;
        if (point.Time > Time)
        {
            (Place, Time) = (at, point.Time);
        }
    }

    /// <summary>Takes one more delta.</summary>
    public void TakeDelta(TextRef at)
    {
        Points++;
        Others.Add(at);
    }
}

/// <summary>
/// A series with the points of it that a request has, in whatever order they come. Deltas are one more each. Of running totals each start
/// is a stretch of its own: whoever counts has begun anew.
/// </summary>
internal sealed class SeriesPlan(Label[] labels, OtlpPoint first, TextRef place)
{
    private const int MostStretches = 8;
    private const string Twice =
        "a point has the labels and the time of an earlier one: attributes of its resource or scope that tell them apart are no labels";

    // In order of their starts.
    private readonly List<Stretch> _stretches = [new(first.Start, first.Time, place)];
    private HashSet<(ulong Start, ulong Time)>? _spans;

    public Label[] Labels => labels;

    /// <summary>How many stretches there are.</summary>
    public int Stretches => _stretches.Count;

    /// <summary>One of the stretches; null if there are not so many.</summary>
    /// <param name="age">0 for the one that began last.</param>
    public Stretch? At(int age) => age < _stretches.Count ? _stretches[^(age + 1)] : null;

    /// <summary>Takes a last value.</summary>
    /// <returns>Why it was not taken; null if it was, or was no longer needed.</returns>
    public string? AddLast(OtlpPoint point, TextRef at) => Take(_stretches[0], point, at);

    /// <summary>Takes a running total.</summary>
    /// <returns>Why it was not taken; null if it was, or was no longer needed.</returns>
    public string? AddTotal(OtlpPoint point, TextRef at)
    {
        int after = _stretches.FindIndex(stretch => stretch.Start >= point.Start);
        if (after >= 0 && _stretches[after].Start == point.Start)
        {
            return Take(_stretches[after], point, at);
        }

        if (_stretches.Exists(stretch => stretch.Time == point.Time))
        {
            return Twice;
        }

        if (_stretches.Count == MostStretches)
        {
            return $"a series has points of more than {MostStretches} starts in one request";
        }

        _stretches.Insert(after < 0 ? _stretches.Count : after, new Stretch(point.Start, point.Time, at));
        return null;
    }

    /// <summary>Takes one more delta, unless one of the same span was there.</summary>
    /// <returns>Why it was not taken; null if it was.</returns>
    public string? AddDelta(OtlpPoint point, TextRef at)
    {
        _spans ??= [(_stretches[0].Start, _stretches[0].Time)];
        if (!_spans.Add((point.Start, point.Time)))
        {
            return Twice;
        }

        _stretches[0].TakeDelta(at);
        return null;
    }

    private static string? Take(Stretch stretch, OtlpPoint point, TextRef at)
    {
        if (point.Time == stretch.Time)
        {
            return Twice;
        }

        stretch.TakeLater(point, at);
        return null;
    }
}
