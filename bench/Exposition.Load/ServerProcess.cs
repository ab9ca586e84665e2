using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Exposition.Load;

/// <summary>A gateway in a process of its own, on a free port.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    private ServerProcess(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Time of all processors that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    public static async Task<ServerProcess> StartAsync(ServerKind kind, WebFiles files)
    {
        int port = FreePort();
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "pushgateway.dll"), $"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error" },
        };
        start.FileName = Path.GetFileNameWithoutExtension(start.FileName) == "dotnet" ? start.FileName : "dotnet";
        if (kind != ServerKind.Plain)
        {
            start.ArgumentList.Add("--web.config.file=" + files.PathOf(kind));
        }

        Process process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, line) => Console.Error.Write(line.Data is null ? "" : line.Data + "\n");
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        if (OperatingSystem.IsLinux() && Environment.ProcessorCount > 1)
        {
            process.ProcessorAffinity = 1;
            Process.GetCurrentProcess().ProcessorAffinity = (1 << Math.Min(Environment.ProcessorCount, 62)) - 2;
        }

        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < s_patience)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return new ServerProcess(process, port);
            }
            catch (SocketException) when (!process.HasExited)
            {
                await Task.Delay(50);
            }
        }

        throw new InvalidOperationException(
            $"the server did not listen within {s_patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
