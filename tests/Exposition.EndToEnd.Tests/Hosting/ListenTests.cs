using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>Unix sockets, sockets that systemd passes on, and what is said to it.</summary>
public sealed class ListenTests : IDisposable
{
    // What systemd does: the socket is descriptor 3, and the variables name the process that is executed.
    private const string Activate = """
        import os, socket, sys
        s = socket.socket(); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen()
        if s.fileno() != 3: os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=sys.argv[2])
        os.execvp(sys.argv[3], sys.argv[3:])
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-listen").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_unix_socket_is_served_beside_a_port_and_a_stale_one_is_replaced()
    {
        var python = Tool.Require("python3", "python3");
        var path = Path.Combine(_directory, "gateway.sock");
        await Tool.SucceedAsync(python, ["-c", $"import socket; socket.socket(socket.AF_UNIX).bind('{path}')"]);
        Assert.True(File.Exists(path));
        await using (var gateway = await GatewayProcess.StartAsync("--web.listen-address=unix:" + path))
        {
            using var client = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            using var answer = await client.PutAsync("http://gateway/metrics/job/unix", new StringContent("a 1\n"));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(1, (await gateway.ScrapeAsync()).Value("a{instance=\"\",job=\"unix\"}"));

            // It is in use now, and the one that uses it is left alone.
            await using var second = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), ["--web.listen-address=unix:" + path]));
            await EndedAsync(second);
            Assert.Equal(1, second.ExitCode);
            Assert.Contains($"listen unix {path}: bind: address already in use", second.Output, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("http://gateway/-/ready")).StatusCode);
            Assert.Equal(0, await gateway.StopAsync());
        }

        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("text")]
    [InlineData("link")]
    [InlineData("pipe")]
    public async Task What_is_no_socket_is_never_removed(string kind)
    {
        var path = Path.Combine(_directory, kind);
        var make = kind switch
        {
            "empty" => ":",
            "text" => "echo x",
            "pipe" => "rm -f \"$1\"; mkfifo \"$1\"; exec >/dev/null",
            _ => "ln -sf /nowhere \"$1\"; exec >/dev/null"
        };
        await Tool.SucceedAsync("bash", ["-c", kind is "empty" or "text" ? $"{{ {make}; }} >\"$1\"" : make, "bash", path]);
        var before = (await Tool.RunAsync("stat", ["-c", "%i %F %s", path])).Output;
        await using var gateway = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), ["--web.listen-address=unix:" + path]));
        await EndedAsync(gateway);
        Assert.Equal(1, gateway.ExitCode);
        Assert.Single(gateway.Output.Split('\n'), static line => line.Contains("level=error", StringComparison.Ordinal));
        Assert.Equal(before, (await Tool.RunAsync("stat", ["-c", "%i %F %s", path])).Output);
    }

    /// <summary>Another program's socket, or a file, that has come to the path in the meantime.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task At_the_end_only_the_own_socket_is_removed(bool replaced)
    {
        var path = Path.Combine(_directory, "own.sock");
        await using var gateway = await GatewayProcess.StartAsync("--web.listen-address=unix:" + path);
        if (replaced)
        {
            File.Delete(path);
            await File.WriteAllTextAsync(path, "somebody else's");
        }

        Assert.Equal(0, await gateway.StopAsync());
        Assert.Equal(replaced, File.Exists(path));
    }

    [Fact]
    public async Task A_path_that_cannot_be_is_one_line()
    {
        await using var gateway = ChildProcess.Start(
            ServerCommand.For(ChildProcess.FreePort(), ["--web.listen-address=unix:" + Path.Combine(_directory, "none", "x.sock")]));
        await EndedAsync(gateway);
        Assert.Equal(1, gateway.ExitCode);
        Assert.Contains("x.sock: no such directory",
            Assert.Single(gateway.Output.Split('\n'), static line => line.Contains("level=error", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    /// <summary>A server that hangs with its queue full answers no connection, and refuses none.</summary>
    [Fact]
    public async Task A_socket_whose_server_hangs_does_not_hold_up_the_start()
    {
        var path = Path.Combine(_directory, "hung.sock");
        using var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        server.Bind(new UnixDomainSocketEndPoint(path));
        server.Listen(1);
        var waiting = new List<Socket>();
        for (var i = 0; i < 8; i++)
        {
            waiting.Add(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false });
            try
            {
                await waiting[^1].ConnectAsync(new UnixDomainSocketEndPoint(path), new CancellationTokenSource(200).Token).AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(1));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or TimeoutException)
            {
                break;
            }
        }

        await using var gateway = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), ["--web.listen-address=unix:" + path]));
        await EndedAsync(gateway);
        Assert.Equal(1, gateway.ExitCode);
        Assert.True(File.Exists(path));
        waiting.ForEach(static socket => socket.Dispose());
    }

    [Theory]
    [InlineData("0660")]
    [InlineData("777")]
    public async Task The_socket_has_the_permissions_that_were_asked_for(string mode)
    {
        var path = Path.Combine(_directory, "mode.sock");
        await using var gateway = await GatewayProcess.StartAsync("--web.listen-address=unix:" + path, "--web.socket-mode=" + mode);
        Assert.Equal(mode.TrimStart('0'), (await Tool.SucceedAsync("stat", ["-c", "%a", path])).Trim());
    }

    [Fact]
    public async Task Sockets_of_systemd_are_served_and_it_is_told_when_we_are_ready()
    {
        var python = Tool.Require("python3", "python3");
        var notify = Path.Combine(_directory, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        manager.Bind(new UnixDomainSocketEndPoint(notify));
        var port = ChildProcess.FreePort();
        await using var gateway = ChildProcess.Start([python, "-c", Activate, port.ToString(CultureInfo.InvariantCulture), notify,
            .. ServerCommand.For(ChildProcess.FreePort(), ["--web.systemd-socket"])]);
        Assert.Equal("READY=1", Receive(manager));
        using var client = new HttpClient();
        Assert.Equal("OK", await client.GetStringAsync($"http://127.0.0.1:{port}/-/ready"));
        Assert.Contains("Listening on systemd activated listeners instead of port listeners.", gateway.Output, StringComparison.Ordinal);
        Assert.Equal(0, await gateway.StopAsync());
        Assert.Equal("STOPPING=1", Receive(manager));
    }

    [Fact]
    public async Task Without_sockets_of_systemd_it_ends_with_one()
    {
        await using var gateway = ChildProcess.Start(ServerCommand.For(ChildProcess.FreePort(), ["--web.systemd-socket"]));
        await EndedAsync(gateway);
        Assert.Equal(1, gateway.ExitCode);
        Assert.Contains("no socket activation file descriptors found", gateway.Output, StringComparison.Ordinal);
    }

    private static string Receive(Socket manager)
    {
        var buffer = new byte[100];
        return Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer));
    }

    internal static async Task EndedAsync(ChildProcess process)
    {
        for (var i = 0; i < 1000 && !process.HasExited; i++)
        {
            await Task.Delay(20);
        }

        // What it wrote last comes a moment later.
        await Task.Delay(200);
    }
}
