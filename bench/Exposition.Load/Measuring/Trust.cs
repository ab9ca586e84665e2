using System.Globalization;

namespace Exposition.Load.Measuring;

/// <summary>The rules by which a row is doubted. A figure that is doubted is shown, with the reasons.</summary>
internal static class Trust
{
    /// <summary>Processors that others may use.</summary>
    public const double MostForeign = 0.10;

    /// <summary>Processors that the host may keep.</summary>
    public const double MostSteal = 0.02;

    /// <summary>Above it, what is measured is the generator.</summary>
    public const double MostGenerator = 0.85;

    /// <summary>How much of the asked rate must be reached for latencies to be those of that rate.</summary>
    public const double LeastOfRate = 0.99;

    /// <summary>How late the generator itself may wake up, in milliseconds, in 99 of 100 cases.</summary>
    public const double MostLateness = 1;

    /// <summary>Why a row is not to be trusted; empty if nothing speaks against it.</summary>
    /// <param name="noise">What else went on.</param>
    /// <param name="asked">Requests a second that were to be sent, or null.</param>
    /// <param name="reached">Those that were answered in time, or null.</param>
    /// <param name="lateness">Of the generator, in milliseconds, or null.</param>
    public static IReadOnlyList<string> Doubts(Noise noise, double? asked = null, double? reached = null, double? lateness = null)
    {
        var doubts = new List<string>();
        switch (noise.Foreign)
        {
            case null:
                doubts.Add("foreign CPU unknown");
                break;
            case > MostForeign:
                doubts.Add(Text($"foreign CPU {noise.Foreign:0.00} cores"));
                break;
        }

        if (noise.Steal > MostSteal)
        {
            doubts.Add(Text($"steal {noise.Steal:0.00} cores"));
        }

        if (noise.Generator > MostGenerator)
        {
            doubts.Add(Text($"generator busy {noise.Generator:P0}"));
        }

        if (lateness > MostLateness)
        {
            doubts.Add(Text($"generator late by {lateness:0.0} ms"));
        }

        if (asked is not null && !(reached >= LeastOfRate * asked))
        {
            doubts.Add(Text($"rate not kept: {reached ?? 0:0.##}/s"));
        }

        return doubts;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
