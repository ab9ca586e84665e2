using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Exposition.Fuzz.Targets;

namespace Exposition.Fuzz;

/// <summary>The command line: which target, for how long, from which seed.</summary>
/// <param name="Target">A target's name, or <see cref="Smoke"/>.</param>
/// <param name="Seed">Of the mutations.</param>
/// <param name="Seconds">For how long; smoke: all targets together.</param>
/// <param name="Corpus">A directory whose inputs come first and where new ones are kept.</param>
/// <param name="Distilled">Instead of fuzzing: a directory for the few inputs of the corpus that reach all it reaches.</param>
/// <param name="File">Instead of fuzzing: one input.</param>
internal sealed record FuzzOptions(string Target, int Seed, double Seconds, string? Corpus, string? Distilled, string? File)
{
    /// <summary>All targets in turn.</summary>
    public const string Smoke = "smoke";

    public static string Usage =>
        "usage: Exposition.Fuzz <target> [--seconds S] [--seed N] [--corpus DIRECTORY]\n"
        + "       Exposition.Fuzz <target> --corpus DIRECTORY --distil DIRECTORY\n"
        + "       Exposition.Fuzz <target> --file INPUT\n"
        + "       Exposition.Fuzz smoke [--seconds S] [--seed N]\n"
        + "targets: " + string.Join(", ", TargetTable.Names);

    public static bool TryParse(string[] args, [NotNullWhen(true)] out FuzzOptions? options, [NotNullWhen(false)] out string? complaint)
    {
        options = null;
        complaint = null;
        if (args.Length == 0 || (args[0] != Smoke && !TargetTable.Names.Contains(args[0])))
        {
            complaint = args.Length == 0 ? "no target given" : "unknown target " + args[0];
            return false;
        }

        var parsed = new FuzzOptions(args[0], Seed: 1, Seconds: 60, Corpus: null, Distilled: null, File: null);
        for (var i = 1; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                complaint = args[i] + " needs a value";
                return false;
            }

            var value = args[i + 1];
            switch (args[i])
            {
                case "--seed" when int.TryParse(value, CultureInfo.InvariantCulture, out var seed):
                    parsed = parsed with { Seed = seed };
                    break;
                case "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out var seconds):
                    parsed = parsed with { Seconds = seconds };
                    break;
                case "--corpus":
                    parsed = parsed with { Corpus = value };
                    break;
                case "--distil":
                    parsed = parsed with { Distilled = value };
                    break;
                case "--file":
                    parsed = parsed with { File = value };
                    break;
                default:
                    complaint = $"cannot use {args[i]} {value}";
                    return false;
            }
        }

        options = parsed;
        return true;
    }
}
