using System.Diagnostics;
using System.Text;

namespace Exposition.Harness;

/// <summary>Finds and runs the programs of others that the tests need.</summary>
public static class Tool
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(5);

    /// <summary>Whether this is the build server, where a missing tool is a failure.</summary>
    public static bool IsCi => string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The path of a program in PATH; without it the test is skipped, or fails on CI.</summary>
    public static string Require(string name, string package)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            Missing($"{name} is not installed (Debian: {package})");
        }

        return path!;
    }

    /// <summary>Ends the test: it cannot run here.</summary>
    public static void Missing(string reason)
    {
        if (IsCi)
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }

    /// <summary>Runs a program to its end; it is killed after minutes, unless told otherwise.</summary>
    public static async Task<ToolResult> RunAsync(
        string program, IEnumerable<string> arguments, byte[]? input = null, TimeSpan? limit = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[name] = value;
        }

        using var process = Process.Start(info)!;
        EventHandler kill = (_, _) => process.Kill(entireProcessTree: true);
        AppDomain.CurrentDomain.ProcessExit += kill;
        using var cancellation = new CancellationTokenSource(limit ?? s_limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellation.Token);
            var errors = process.StandardError.ReadToEndAsync(cancellation.Token);
            if (input is not null)
            {
                await process.StandardInput.BaseStream.WriteAsync(input, cancellation.Token);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellation.Token);
            return new ToolResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end within {limit ?? s_limit}");
        }
        finally
        {
            AppDomain.CurrentDomain.ProcessExit -= kill;
        }
    }

    /// <summary>Runs a program that must succeed, and returns what it printed.</summary>
    public static async Task<string> SucceedAsync(string program, IEnumerable<string> arguments, byte[]? input = null)
    {
        var result = await RunAsync(program, arguments, input);
        Assert.True(result.ExitCode == 0, $"{program} ended with {result.ExitCode}: {result.Output}{result.Errors}");
        return result.Output;
    }

    /// <summary>UTF-8 bytes of a body.</summary>
    public static byte[] Body(string text) => Encoding.UTF8.GetBytes(text);
}

/// <summary>How a program ended.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Errors);
