namespace Exposition.Gateway.Tests;

/// <summary>
/// A sample that can be run: built in the tree, or compiled ahead of time where <c>EXPOSITION_NATIVE_SAMPLES</c> names the folder that
/// <c>.ci/samples</c> has made. A sample that was not published there is skipped.
/// </summary>
internal sealed class SampleProgram
{
    private const string NativeVariable = "EXPOSITION_NATIVE_SAMPLES";

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);

    private readonly string[] _command;

    private SampleProgram(params string[] command) => _command = command;

    public static async Task<SampleProgram> BuildAsync(string name)
    {
        if (Environment.GetEnvironmentVariable(NativeVariable) is { Length: > 0 } folder)
        {
            string program = Path.Combine(folder, name, name);
            Assert.SkipUnless(File.Exists(program), $"{name} is not among the samples of {NativeVariable}");
            return new SampleProgram(program);
        }

        string path = Samples.PathOf(name);
        string output = await Tool.SucceedAsync("dotnet", ["build", path, "-nologo", "-v", "quiet", "-p:NuGetAudit=false"]);
        Assert.DoesNotContain("warning", output, StringComparison.OrdinalIgnoreCase);
        return new SampleProgram("dotnet", "run", "--no-build", path, "--");
    }

    /// <summary>Runs it to its end.</summary>
    public Task<ToolResult> RunAsync(params string[] arguments) => Tool.RunAsync(_command[0], [.. _command.Skip(1), .. arguments]);

    /// <summary>Starts it.</summary>
    public ChildProcess Start(params string[] arguments) => ChildProcess.Start([.. _command, .. arguments]);

    /// <summary>Starts it as a host on a free port, and waits until it answers 200.</summary>
    public async Task<(ChildProcess Host, HttpClient Client)> StartHostAsync(string ready, params string[] arguments)
    {
        var address = new Uri($"http://127.0.0.1:{ChildProcess.FreePort()}/");
        ChildProcess host = Start(["--urls", address.ToString(), .. arguments]);
        await host.WaitUntilReadyAsync(new Uri(address, ready), s_startLimit);
        return (host, new HttpClient { BaseAddress = address });
    }
}
