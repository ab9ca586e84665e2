namespace Exposition.Load.Results;

/// <summary>One line of the table.</summary>
/// <param name="Case">What was done.</param>
/// <param name="System">By whom.</param>
/// <param name="Checked">What it checked while it did it.</param>
internal sealed record Row(string Case, string System, string Checked)
{
    /// <summary>Requests a second that were to be sent.</summary>
    public double? Asked { get; init; }

    /// <summary>Those that were answered.</summary>
    public double? Reached { get; init; }

    /// <summary>Milliseconds that half of all did not take longer than.</summary>
    public double? P50 { get; init; }

    /// <summary>Milliseconds that 99 of 100 did not take longer than; none where there were fewer than 100.</summary>
    public double? P99 { get; init; }

    /// <summary>Milliseconds of the longest.</summary>
    public double? Max { get; init; }

    /// <summary>How many were measured.</summary>
    public long Count { get; init; }

    /// <summary>What is no time.</summary>
    public double? Value { get; init; }

    /// <summary>Of that value.</summary>
    public string? Unit { get; init; }

    /// <summary>Work of others meanwhile, in processors.</summary>
    public double? Foreign { get; init; }

    /// <summary>What the host kept, in processors.</summary>
    public double? Steal { get; init; }

    /// <summary>How busy the generator was, of the processors it had.</summary>
    public double? Generator { get; init; }

    /// <summary>What was compared after it, or what was wrong.</summary>
    public string Verified { get; init; } = "";

    /// <summary>What it has answered was wrong: its other figures mean nothing.</summary>
    public bool IsWrong { get; init; }

    /// <summary>Why it is not to be trusted.</summary>
    public IReadOnlyList<string> Doubts { get; init; } = [];
}
