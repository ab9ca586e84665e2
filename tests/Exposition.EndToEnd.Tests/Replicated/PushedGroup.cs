namespace Exposition.EndToEnd.Tests.Replicated;

// One writer has a group to himself and sends one push at a time, so what comes later is newer. A push that was not answered may still come
// to be in force later, as its gateway may hang in the middle of it and go on when everybody has long gone on; an answered one is in force.

/// <summary>A group, what was sent to it, and what must be there.</summary>
internal sealed class PushedGroup(string job, int samples)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, bool> _possible = new() { [0] = true };
    private int _last;

    public string Job { get; } = job;

    public int Samples { get; } = samples;

    public int Answered { get; private set; }

    /// <summary>Before a push or delete is sent: its number.</summary>
    public int Sending(bool deletes)
    {
        lock (_gate)
        {
            _possible[++_last] = deletes;
            return _last;
        }
    }

    /// <summary>It is in force: all before it that was answered or never sent is over; what was not answered may still come.</summary>
    public void WasAnswered(int number, IReadOnlySet<int> unanswered)
    {
        lock (_gate)
        {
            Answered++;
            foreach (var old in _possible.Keys.Where(old => old < number && !unanswered.Contains(old)).ToList())
            {
                _possible.Remove(old);
            }
        }
    }

    /// <summary>What is wrong with the values of a scrape that all pushes have come to rest before; null if nothing is.</summary>
    public string? WrongAtRest(Scraped scraped)
    {
        lock (_gate)
        {
            return Mix(scraped) ?? (_possible.Any(p => (p.Value ? 0 : p.Key) == Value(scraped)) ? null
                : $"{Job} has {Value(scraped)}, possible are "
                    + string.Join(' ', _possible.Select(static p => p.Value ? $"{p.Key} deleted" : $"{p.Key}")));
        }
    }

    /// <summary>What is wrong with a scrape at any time: a group is of one push.</summary>
    public string? Mix(Scraped scraped)
    {
        var values = Values(scraped);
        return (values.Length == 0 || values.Length == Samples) && values.Distinct().Count() <= 1 ? null
            : $"{Job} is a mix: {string.Join(' ', values)}";
    }

    private int Value(Scraped scraped) => Values(scraped) is [var first, ..] ? (int)first : 0;

    private double[] Values(Scraped scraped) => [.. scraped.With($"job=\"{Job}\"")
        .Where(static s => s.Key.StartsWith("replicated_value", StringComparison.Ordinal)).Select(static s => s.Value)];

    public string Body(int number) => string.Concat(Enumerable.Range(0, Samples)
        .Select(i => string.Create(CultureInfo.InvariantCulture, $"replicated_value{{n=\"{i}\"}} {number}\n")));
}
