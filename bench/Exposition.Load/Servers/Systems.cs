using System.Diagnostics;

namespace Exposition.Load.Servers;

/// <summary>Finds the servers that are measured.</summary>
internal static class Systems
{
    /// <summary>All that are there.</summary>
    /// <param name="jit">The directory of our build that is compiled when it runs; null: leave it out.</param>
    /// <param name="aot">The directory of the one compiled ahead of time; null: leave it out.</param>
    /// <param name="peers">A directory that is looked into before PATH, at its top, and in <c>bin</c> and <c>usr/bin</c>; may be
    /// null.</param>
    /// <param name="missing">How to get what is not there.</param>
    /// <exception cref="InvalidOperationException">A build of ours is not where it was said to be.</exception>
    public static List<ServerSystem> Find(string? jit, string? aot, string? peers, out List<string> missing)
    {
        var systems = new List<ServerSystem>();
        missing = [];
        foreach ((string name, string? directory) in ((string, string?)[])[("ours, JIT", jit), ("ours, AOT", aot)])
        {
            if (directory is not null)
            {
                string program = Path.Combine(directory, "pushgateway");
                systems.Add(File.Exists(program)
                    ? new ServerSystem(ServerKind.Ours, name, program, VersionOf(program, "--version"))
                    : throw new InvalidOperationException($"{program} is not there: bench/run makes it"));
            }
        }

        AddPeer(systems, missing, peers, ServerKind.Reference, "Pushgateway", "prometheus-pushgateway", "--version");
        AddPeer(systems, missing, peers, ServerKind.VictoriaMetrics, "VictoriaMetrics", "victoria-metrics", "-version");
        return systems;
    }

    /// <summary>A program of that name; null if there is none.</summary>
    public static string? Program(string name, string? peers)
    {
        IEnumerable<string> first = peers is null ? [] : [peers, Path.Combine(peers, "bin"), Path.Combine(peers, "usr", "bin")];
        return first.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
            .Select(directory => Path.GetFullPath(Path.Combine(directory, name))).FirstOrDefault(File.Exists);
    }

    private static void AddPeer(
        List<ServerSystem> systems, List<string> missing, string? peers, ServerKind kind, string name, string file, string versionFlag)
    {
        if (Program(file, peers) is { } program)
        {
            systems.Add(new ServerSystem(kind, name, program, VersionOf(program, versionFlag)));
        }
        else
        {
            missing.Add($"{name} is not installed: apt-get install {file}   (or --peers DIRECTORY)");
        }
    }

    // "pushgateway, version 1.11.2 (branch: ...": what stands after the word.
    private static string VersionOf(string program, string flag)
    {
        var start = new ProcessStartInfo(program, [flag]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] words = (process.StandardOutput.ReadToEnd() + " " + errors.GetAwaiter().GetResult())
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        int at = Array.IndexOf(words, "version");
        return at >= 0 && at + 1 < words.Length ? words[at + 1]
            : words.Length > 0 ? words[0]
            : "not told";
    }
}
