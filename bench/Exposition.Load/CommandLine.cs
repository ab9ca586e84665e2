using System.Globalization;
using Exposition.Load.Simulation;

namespace Exposition.Load;

/// <summary>What is to be done.</summary>
internal enum Command
{
    Table,
    Flink,
    Protection,
    Paired,
    Readme,
}

/// <summary>The command line of <c>bench/run</c>, which adds where the checkout and the builds are.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        bench/run [--quick] [--peers DIRECTORY] [--only WORD]     the table: at most 10 minutes, --quick 2; --only records nothing
        bench/run --readme [FILE]                                 README's table from bench/results/FILE, or from the one that README names
        bench/run flink [--task-managers 200] [--minutes 5] [--target http://127.0.0.1:9091] [--interval SECONDS] [--restart-every SECONDS]
                        [--scrape-interval SECONDS] [--slots 2] [--seed N] [--peers DIRECTORY]
        bench/run protection                                      what TLS and passwords cost
        bench/run paired [REV] [--quick]                          whether steady pushes are slower than at REV; 10 rounds, 5 minutes, --quick 2
        --no-build: with the programs of the last run
        """;

    public Command Command { get; init; }

    public bool IsQuick { get; init; }

    public string? Only { get; init; }

    public string? Peers { get; init; }

    public string? ReadmeFile { get; init; }

    public string Root { get; init; } = ".";

    public string? Jit { get; init; }

    public string? Aot { get; init; }

    /// <summary>The directory of the program of an older commit, compiled ahead of time.</summary>
    public string? Older { get; init; }

    public Uri Target { get; init; } = new("http://127.0.0.1:9091");

    public ClusterOptions Cluster { get; init; } = new();

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">A word is not known, or what follows it is not what it wants.</exception>
    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        var line = new CommandLine();
        int at = 0;
        if (args.Count > 0 && args[0] is "flink" or "protection" or "paired")
        {
            line = line with
            {
                Command = args[at++] switch { "flink" => Command.Flink, "paired" => Command.Paired, _ => Command.Protection },
            };
        }

        while (at < args.Count)
        {
            string flag = args[at++];
            line = flag switch
            {
                "--quick" when line.Command is Command.Table or Command.Paired => line with { IsQuick = true },
                "--only" when line.Command == Command.Table => line with { Only = Value() },
                "--readme" when line.Command == Command.Table =>
                    line with { Command = Command.Readme, ReadmeFile = at < args.Count && args[at][0] != '-' ? args[at++] : null },
                "--peers" => line with { Peers = Value() },
                "--root" => line with { Root = Value() },
                "--jit" => line with { Jit = Value() },
                "--aot" => line with { Aot = Value() },
                "--older" when line.Command == Command.Paired => line with { Older = Value() },
                _ when line.Command == Command.Flink => OfFlink(line, flag, Value()),
                _ => throw new FormatException($"{flag} is not known"),
            };

            string Value() => at < args.Count ? args[at++] : throw new FormatException($"{flag} needs a value");
        }

        return line;
    }

    private static CommandLine OfFlink(CommandLine line, string flag, string value) => flag switch
    {
        "--target" => line with
        {
            Target = Uri.TryCreate(value, UriKind.Absolute, out Uri? target) ? target : throw Wrong(flag, "a URL", value),
        },
        "--task-managers" => line with { Cluster = line.Cluster with { TaskManagers = Whole(flag, value) } },
        "--slots" => line with { Cluster = line.Cluster with { Slots = Whole(flag, value) } },
        "--seed" => line with { Cluster = line.Cluster with { Seed = Whole(flag, value) } },
        "--minutes" => line with { Cluster = line.Cluster with { Duration = TimeSpan.FromMinutes(Positive(flag, value)) } },
        "--interval" => line with { Cluster = line.Cluster with { Interval = TimeSpan.FromSeconds(Positive(flag, value)) } },
        "--restart-every" => line with { Cluster = line.Cluster with { RestartEvery = TimeSpan.FromSeconds(Positive(flag, value)) } },
        "--scrape-interval" => line with { Cluster = line.Cluster with { ScrapeInterval = TimeSpan.FromSeconds(Positive(flag, value)) } },
        _ => throw new FormatException($"{flag} is not known"),
    };

    private static int Whole(string flag, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? number
            : throw Wrong(flag, "a whole number above 0", value);

    private static double Positive(string flag, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number is > 0 and < 1e6
            ? number
            : throw Wrong(flag, "a number above 0", value);

    private static FormatException Wrong(string flag, string expected, string value) =>
        new($"{flag}: expected {expected}, got \"{value}\"");
}
