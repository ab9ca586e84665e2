using Exposition.Engine;
using Exposition.Formats.Translation;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Otlp;

/// <summary>What became of a request.</summary>
/// <param name="Answer">The answer, of which <see cref="Rejected"/> says more.</param>
/// <param name="Stored">How many points were stored.</param>
/// <param name="Rejected">Those that were not.</param>
internal readonly record struct OtlpOutcome(Answer Answer, long Stored, Rejections Rejected)
{
    /// <summary>Of a request of which nothing was looked at point by point.</summary>
    public static OtlpOutcome Refused(in Answer answer) => new(answer, 0, new Rejections());
}

/// <summary>A request that has been translated: what is to be stored of it, and what has become of it so far.</summary>
/// <param name="sender">Who sends it: something whose text says so, or null.</param>
internal sealed class OtlpBatch(object? sender)
{
    private long _stored;
    private int _storedPushes;
    private Answer? _later;
    private OtlpResource? _laterOf;

    public object? Sender => sender;

    /// <summary>What is to be stored, each after what it follows on.</summary>
    public List<OtlpPush> Pushes { get; } = [];

    /// <summary>What is rejected.</summary>
    public Rejections Rejected { get; } = new();

    /// <summary>What it holds of the memory for all bodies, beside the body.</summary>
    public long Claimed { get; set; }

    /// <summary>Whether the pushes have been counted for the limit of their jobs.</summary>
    public bool IsCounted { get; set; }

    /// <summary>The groups, each as often as a resource of it is pushed.</summary>
    public List<GroupingKey> Keys => [.. Pushes.Select(static push => push.Resource).Distinct().Select(static resource => resource.Key!)];

    /// <summary>How many pushes have been dealt with.</summary>
    public int Done { get; private set; }

    /// <summary>Whether the next push follows on one that is to come again.</summary>
    public bool MustWait => ReferenceEquals(Pushes[Done].Resource, _laterOf);

    /// <summary>Notes what became of the next push.</summary>
    public void Take(in Answer answer)
    {
        OtlpPush push = Pushes[Done++];
        if (answer.Status < 400)
        {
            _stored += push.Points;
            _storedPushes++;
        }
        else if (answer.Refusal == Refusal.Overload || answer.Status is 503 or 507)
        {
            _later ??= answer;
            _laterOf = push.Resource;
        }
        else
        {
            Rejected.Add($"group {push.Key}: {answer.Text}", push.Points);
        }
    }

    /// <summary>Leaves the next push to the next request.</summary>
    public void Skip() => Done++;

    /// <summary>What became of the whole.</summary>
    /// <param name="unfinished">Why not all of it has been dealt with; null where it has.</param>
    public OtlpOutcome End(Answer? unfinished = null)
    {
        _later ??= unfinished;
        return new OtlpOutcome(Answer(), _stored, Rejected);
    }

    // What is to come again comes with all of the request; what was stored of it is known by its id, and counts once.
    private Answer Answer() =>
        _later is { } full ? full with
        {
            Status = 503,
            Text = _storedPushes == 0 ? full.Text
                : $"{full.Text}; {_storedPushes} of {Pushes.Count} pushes of the request are stored, and count once when it is sent again",
        }
        : Rejected.Points == 0 ? new Answer(200)
        : new Answer(_stored > 0 ? 200 : 400, Rejected.Text, Why: Refusal.Inconsistent);
}
