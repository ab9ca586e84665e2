namespace Exposition.Load.Cases;

/// <summary>How much of everything a run takes.</summary>
internal sealed record Plan
{
    /// <summary>Seconds of pushes at one rate.</summary>
    public required double PushSeconds { get; init; }

    /// <summary>Groups of ten series that are pushed to.</summary>
    public required int SmallGroups { get; init; }

    /// <summary>Task managers that push.</summary>
    public required int FlinkGroups { get; init; }

    /// <summary>Groups of ten series in the store that is scraped.</summary>
    public required int StoredSmallGroups { get; init; }

    /// <summary>Task managers in the store that is scraped.</summary>
    public required int StoredFlinkGroups { get; init; }

    /// <summary>Seconds of one kind of scrape.</summary>
    public required double ScrapeSeconds { get; init; }

    /// <summary>How often each server is started.</summary>
    public required int Starts { get; init; }

    /// <summary>Seconds in which a server may settle before its memory is read.</summary>
    public required double SettleSeconds { get; init; }

    /// <summary>Seconds for each way to read or write a body.</summary>
    public required double LibrarySeconds { get; init; }

    /// <summary>Seconds of the cluster.</summary>
    public required double ClusterSeconds { get; init; }

    /// <summary>Pushes a second of ten series; what the slowest server can do, and what most can.</summary>
    public IReadOnlyList<double> SmallRates { get; init; } = [25, 5000];

    /// <summary>Pushes a second of task managers.</summary>
    public IReadOnlyList<double> FlinkRates { get; init; } = [2, 200];

    /// <summary>Pushes a second that add up.</summary>
    public double AddRate { get; init; } = 5000;

    /// <summary>Ten minutes.</summary>
    public static Plan Full { get; } = new()
    {
        PushSeconds = 10,
        SmallGroups = 1000,
        FlinkGroups = 20,
        StoredSmallGroups = 10_000,
        StoredFlinkGroups = 100,
        ScrapeSeconds = 4,
        Starts = 7,
        SettleSeconds = 5,
        LibrarySeconds = 2,
        ClusterSeconds = 20,
    };

    /// <summary>Two minutes.</summary>
    public static Plan Quick { get; } = new()
    {
        PushSeconds = 2,
        SmallGroups = 200,
        FlinkGroups = 8,
        StoredSmallGroups = 1000,
        StoredFlinkGroups = 8,
        ScrapeSeconds = 0.4,
        Starts = 3,
        SettleSeconds = 1,
        LibrarySeconds = 0.5,
        ClusterSeconds = 5,
    };
}
