using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Exposition.Load.Servers;

namespace Exposition.Load.Results;

/// <summary>Facts of where a run takes place.</summary>
internal static class Machine
{
    /// <summary>An empty record of this place and this checkout.</summary>
    public static RunRecord Describe(string root, bool isQuick, IReadOnlyDictionary<string, string> versions) => new(
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Commit(root), isQuick, Processor(), Processors.OfMachine,
        (int)Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30)),
        $"{RuntimeInformation.OSDescription}, kernel {Environment.OSVersion.Version}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        Processors.Placement, versions, []);

    private static string Processor()
    {
        const string file = "/proc/cpuinfo";
        string? model = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return model is null ? RuntimeInformation.ProcessArchitecture.ToString() : model[(model.IndexOf(':') + 1)..].Trim();
    }

    private static string Commit(string root)
    {
        string commit = Git(root, "rev-parse", "--short=10", "HEAD").Trim();
        bool isChanged = Git(root, "status", "--porcelain", "--", "src").Length > 0;
        return commit.Length == 0 ? "unknown" : isChanged ? commit + "+" : commit;
    }

    private static string Git(string root, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo("git", ["-C", root, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
