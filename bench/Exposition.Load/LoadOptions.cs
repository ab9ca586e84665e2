using System.Globalization;

namespace Exposition.Load;

/// <summary>The command line.</summary>
/// <param name="Seconds">Of each round at each server.</param>
/// <param name="Rounds">After one that only warms up; the best of each figure is shown.</param>
internal sealed record LoadOptions(double Seconds, int Rounds)
{
    public static bool TryParse(string[] args, out LoadOptions options)
    {
        options = new LoadOptions(1, 7);
        for (int i = 0; i < args.Length; i += 2)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out double seconds) && seconds > 0:
                    options = options with { Seconds = seconds };
                    break;
                case "--rounds" when int.TryParse(value, CultureInfo.InvariantCulture, out int rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
