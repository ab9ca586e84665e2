namespace Exposition.Harness;

/// <summary>
/// The command that starts the server under test. By default this is the program built beside the tests;
/// <c>EXPOSITION_SERVER_COMMAND</c> replaces it, so that the same tests run against the reference or a release build:
/// <code>EXPOSITION_SERVER_COMMAND='prometheus-pushgateway --web.listen-address=127.0.0.1:{port} {flags}'</code>
/// <c>{port}</c> becomes a free port, <c>{flags}</c> the flags of the test. Words are split at blanks.
/// </summary>
public static class ServerCommand
{
    /// <summary>The environment variable that holds the replacement.</summary>
    public const string Variable = "EXPOSITION_SERVER_COMMAND";

    /// <summary>Whether a foreign server is under test, about whose own counters nothing can be assumed.</summary>
    public static bool IsReplaced => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };

    /// <summary>The command with its placeholders, one word per element.</summary>
    public static string[] Template => IsReplaced
        ? Environment.GetEnvironmentVariable(Variable)!.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        : BesideTheTests;

    /// <summary>That of the program built beside the tests, whatever is under test.</summary>
    public static string[] BesideTheTests =>
        ["dotnet", Path.Combine(AppContext.BaseDirectory, "pushgateway.dll"), "--web.listen-address=127.0.0.1:{port}", "{flags}"];

    /// <summary>The command with its placeholders filled in.</summary>
    public static List<string> For(int port, IEnumerable<string> flags)
    {
        var words = new List<string>();
        foreach (var word in Template)
        {
            if (word == "{flags}")
            {
                words.AddRange(flags);
            }
            else
            {
                words.Add(word.Replace("{port}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
            }
        }

        return words;
    }
}
