namespace Exposition.Harness;

/// <summary>
/// The server under test in a process of its own, on a free port of 127.0.0.1, stopped when disposed. As a class
/// fixture it serves all tests of one class, which then keep to their own job names.
/// </summary>
public sealed class GatewayProcess : IAsyncLifetime
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);

    private ChildProcess? _process;

    /// <summary>Flags beside the listen address.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>Makes clients where plain ones do not do; those speak TLS.</summary>
    public Func<HttpClient>? Connect { get; init; }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; private set; }

    /// <summary><c>http://127.0.0.1:PORT/</c></summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>A client that follows no redirects, like most push clients.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>The number of its process.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>What it has logged.</summary>
    public string Log => _process?.Output ?? "";

    /// <summary>Starts a server for one test.</summary>
    public static async Task<GatewayProcess> StartAsync(params string[] flags)
    {
        var gateway = new GatewayProcess { Flags = flags };
        await gateway.InitializeAsync();
        return gateway;
    }

    /// <summary>Starts a server that speaks TLS.</summary>
    public static async Task<GatewayProcess> StartSecureAsync(Func<HttpClient> connect, params string[] flags)
    {
        var gateway = new GatewayProcess { Flags = flags, Connect = connect };
        await gateway.InitializeAsync();
        return gateway;
    }

    /// <summary>Starts the server and returns when it says that it is ready.</summary>
    public async ValueTask InitializeAsync()
    {
        // Between looking for a free port and listening on it somebody else may take it: then once more.
        for (var attempt = 1; ; attempt++)
        {
            Port = ChildProcess.FreePort();
            Address = new Uri($"{(Connect is null ? "http" : "https")}://127.0.0.1:{Port}/");
            _process = ChildProcess.Start(ServerCommand.For(Port, Flags));
            try
            {
                await _process.WaitUntilReadyAsync(new Uri(Address, "-/ready"), s_startLimit, Connect);
                break;
            }
            catch (InvalidOperationException) when (
                attempt < 3 && Log.Contains("address already in use", StringComparison.OrdinalIgnoreCase))
            {
                await _process.DisposeAsync();
            }
            catch
            {
                await DisposeAsync();
                throw;
            }
        }

        Client = Connect?.Invoke() ?? new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
        Client.BaseAddress = Address;
    }

    /// <summary>What a scrape returns now.</summary>
    public async Task<Scraped> ScrapeAsync()
    {
        using var response = await Client.GetAsync(new Uri("metrics", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return Scraped.Parse(await response.Content.ReadAsStringAsync());
    }

    /// <summary>Scrapes until the condition holds; what the gateway queues (deletes, say) may take a moment.</summary>
    public async Task<Scraped> ScrapeUntilAsync(Predicate<Scraped> holds, string what)
    {
        for (var attempt = 0; attempt < 2000; attempt++)
        {
            var scraped = await ScrapeAsync();
            if (holds(scraped))
            {
                return scraped;
            }

            await Task.Delay(25);
        }

        Assert.Fail($"{what} did not come true within a minute; the gateway logged:\n{Log}");
        return null!;
    }

    /// <summary>SIGTERM; the exit code, or null when it did not end in time.</summary>
    public Task<int?> StopAsync() => _process!.StopAsync();

    /// <summary>SIGKILL: the server gets no chance to save anything.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>SIGSTOP: it hangs, with its connections open.</summary>
    public void Pause() => _process!.Pause();

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process!.Resume();

    /// <summary>Stops the server if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
            _process = null;
        }
    }
}
