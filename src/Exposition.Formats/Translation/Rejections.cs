namespace Exposition.Formats.Translation;

/// <summary>Data points that were not taken, with the reasons: each reason once, and a bounded number of them.</summary>
internal sealed class Rejections
{
    private const int MostReasons = 20;
    private const int MostCharacters = 300;

    private readonly Dictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private long _others;

    /// <summary>How many points.</summary>
    public long Points { get; private set; }

    /// <summary>The reasons with how many points each is for; empty if there are none.</summary>
    public string Text => Points == 0 ? "" : string.Join("; ", _reasons.Select(static pair => $"{pair.Key} ({Shown(pair.Value)})")
        .Concat(_others > 0 ? [$"other reasons ({Shown(_others)})"] : (string[])[]));

    /// <summary>Adds points of one reason.</summary>
    public void Add(string reason, long points = 1)
    {
        if (points == 0)
        {
            return;
        }

        Points += points;
        string kept = reason.Length > MostCharacters ? reason[..MostCharacters] + "..." : reason;
        if (_reasons.TryGetValue(kept, out long count) || _reasons.Count < MostReasons)
        {
            _reasons[kept] = count + points;
        }
        else
        {
            _others += points;
        }
    }

    /// <summary>Adds those of another list.</summary>
    public void Add(Rejections others)
    {
        foreach ((string reason, long points) in others._reasons)
        {
            Add(reason, points);
        }

        Points += others._others;
        _others += others._others;
    }

    private static string Shown(long points) => points == 1 ? "1 point" : $"{points} points";
}
