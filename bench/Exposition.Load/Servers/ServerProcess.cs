using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Exposition.Load.Servers;

/// <summary>A server in a process of its own, on a free port, with an empty directory; on Linux on the first processor alone.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int Look = 1;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _directory;

    private ServerProcess(ServerSystem system, Process process, string directory, int port)
    {
        System = system;
        _process = process;
        _directory = directory;
        Port = port;
    }

    public ServerSystem System { get; }

    public int Port { get; }

    /// <summary>From its start until it answered that it is ready.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>Time of all processors that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes that are resident.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts a server and waits until it is ready.</summary>
    /// <param name="system">Which one.</param>
    /// <param name="isUnchecked">Pushes are not checked against others.</param>
    /// <param name="more">Further arguments; they may protect it, so it need only listen then.</param>
    /// <exception cref="InvalidOperationException">It has ended, or is not ready in time.</exception>
    public static async Task<ServerProcess> StartAsync(ServerSystem system, bool isUnchecked = false, params string[] more)
    {
        int port = FreePort();
        string directory = Directory.CreateTempSubdirectory("exposition-bench").FullName;
        bool isPinned = Processors.CanPin;
        var start = new ProcessStartInfo(isPinned ? "taskset" : system.Program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        string[] prefix = isPinned ? ["-c", Processors.OfServer, system.Program] : [];
        foreach (string argument in prefix.Concat(system.Arguments(port, directory, isUnchecked)).Concat(more))
        {
            start.ArgumentList.Add(argument);
        }

        long started = Stopwatch.GetTimestamp();
        Process process = Process.Start(start)!;
        var server = new ServerProcess(system, process, directory, port);
        process.ErrorDataReceived += (_, line) => Console.Error.Write(line.Data is null ? "" : $"{system.Name}: {line.Data}\n");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        while (Stopwatch.GetElapsedTime(started) < s_patience && !process.HasExited)
        {
            if (await IsReadyAsync(port, more.Length == 0 ? system.ReadyPath : null))
            {
                server.StartTime = Stopwatch.GetElapsedTime(started);
                return server;
            }

            await Task.Delay(Look);
        }

        string why = process.HasExited
            ? string.Create(CultureInfo.InvariantCulture, $"has ended with {process.ExitCode}")
            : string.Create(CultureInfo.InvariantCulture, $"was not ready within {s_patience.TotalSeconds:0} s");
        await server.DisposeAsync();
        throw new InvalidOperationException($"{system.Name} ({system.Program}) {why}");
    }

    /// <summary>Waits until it does nothing any more: what it has queued is done.</summary>
    public async Task SettleAsync(TimeSpan most)
    {
        var look = TimeSpan.FromMilliseconds(250);
        long started = Stopwatch.GetTimestamp();
        for (TimeSpan before = Cpu; Stopwatch.GetElapsedTime(started) < most;)
        {
            await Task.Delay(look);
            TimeSpan now = Cpu;
            if ((now - before).TotalMilliseconds < 0.05 * look.TotalMilliseconds)
            {
                return;
            }

            before = now;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<bool> IsReadyAsync(int port, string? path)
    {
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(IPAddress.Loopback, port);
            if (path is null)
            {
                return true;
            }

            NetworkStream stream = probe.GetStream();
            await stream.WriteAsync(global::System.Text.Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"));
            byte[] answer = new byte[12];
            await stream.ReadExactlyAsync(answer);
            return answer.AsSpan().EndsWith(" 200"u8);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
