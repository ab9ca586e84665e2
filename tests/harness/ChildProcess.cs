using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Exposition.Harness;

/// <summary>
/// One long-running program started by a test. Its output is kept for the failure message, it is asked to stop with
/// SIGTERM, and killed when it does not; whatever is still running when the test process ends is killed there.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int Sigstop = 19;
    private static readonly HashSet<ChildProcess> s_running = [];

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => KillAll();

    private ChildProcess(Process process) => _process = process;

    /// <summary>Everything that it has written to stdout and stderr so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Whether it has ended by itself or was stopped.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Starts a program; the first word is looked up in PATH.</summary>
    public static ChildProcess Start(IReadOnlyList<string> words, string? workingDirectory = null)
    {
        var info = new ProcessStartInfo(words[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? Path.GetTempPath(),
        };
        foreach (var word in words.Skip(1))
        {
            info.ArgumentList.Add(word);
        }

        info.Environment["TZ"] = "UTC";
        var child = new ChildProcess(new Process { StartInfo = info });
        child._process.OutputDataReceived += child.Keep;
        child._process.ErrorDataReceived += child.Keep;
        child._process.Start();
        lock (s_running)
        {
            s_running.Add(child);
        }

        child._process.StandardInput.Close();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>A port of 127.0.0.1 that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        return ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Waits until a GET answers 200; fails with the program's output when it ends first or takes too long.</summary>
    public async Task WaitUntilReadyAsync(Uri uri, TimeSpan limit, Func<HttpClient>? connect = null)
    {
        using var client = connect?.Invoke() ?? new HttpClient();
        client.Timeout = TimeSpan.FromSeconds(5);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var response = await client.GetAsync(uri);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
            }
            catch (TaskCanceledException)
            {
            }

            if (HasExited || watch.Elapsed > limit)
            {
                var what = HasExited ? $"ended with exit code {ExitCode}" : $"was not ready after {limit.TotalSeconds} s";
                throw new InvalidOperationException($"{_process.StartInfo.FileName} {what}:\n{Output}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Asks it to stop with SIGTERM and returns the exit code, or null when it had to be killed.</summary>
    public async Task<int?> StopAsync(TimeSpan? limit = null)
    {
        if (!_process.HasExited)
        {
            // Fails only when it has ended in the meantime, which is what is wanted.
            _ = Kill(_process.Id, Sigterm);
        }

        using var cancellation = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(15));
        try
        {
            await _process.WaitForExitAsync(cancellation.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            return null;
        }
    }

    /// <summary>Ends it with SIGKILL, as the kernel does when memory runs out.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: it hangs, with its connections open.</summary>
    public void Pause() => Assert.Equal(0, Kill(_process.Id, Sigstop));

    /// <summary>SIGCONT.</summary>
    public void Resume() => Assert.Equal(0, Kill(_process.Id, Sigcont));

    /// <summary>Stops it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        lock (s_running)
        {
            s_running.Remove(this);
        }

        _process.Dispose();
    }

    private static void KillAll()
    {
        lock (s_running)
        {
            foreach (var child in s_running)
            {
                try
                {
                    child._process.Kill(entireProcessTree: true);
                }
                catch (InvalidOperationException)
                {
                    // It ended between the two calls.
                }
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            lock (_output)
            {
                _output.AppendLine(line.Data);
            }
        }
    }
}
