namespace Exposition.Gateway.Tests;

/// <summary>Who does not ask for several gateways with one state pays nothing for it.</summary>
public sealed class UnreplicatedTests
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(90);

    // The second shows that the first would see it.
    [Theory]
    [InlineData("--web.telemetry-path=/metrics", false)]
    [InlineData("--replication.url=nats://127.0.0.1:1", true)]
    public async Task Only_a_gateway_with_replication_loads_the_client_of_its_engine(string flag, bool isLoaded)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "what a process has loaded is read from /proc");
        var address = new Uri($"http://127.0.0.1:{ChildProcess.FreePort()}/");
        await using ChildProcess gateway = ChildProcess.Start(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "pushgateway.dll"), $"--web.listen-address={address.Authority}", flag]);
        await gateway.WaitUntilReadyAsync(new Uri(address, "-/healthy"), s_startLimit);
        using var client = new HttpClient { BaseAddress = address, Timeout = s_startLimit };
        using var body = new StringContent("x 1\n");
        using HttpResponseMessage pushed = await client.PutAsync("metrics/job/a", body, TestContext.Current.CancellationToken);
        await client.GetStringAsync("metrics", TestContext.Current.CancellationToken);

        string loaded = await File.ReadAllTextAsync($"/proc/{gateway.Id}/maps", TestContext.Current.CancellationToken);
        Assert.Contains("/Exposition.Kestrel.dll", loaded, StringComparison.Ordinal);
        Assert.Equal(isLoaded, loaded.Contains("/NATS.Client.Core.dll", StringComparison.Ordinal));
        Assert.Equal(isLoaded, loaded.Contains("/Exposition.Replication.Nats.dll", StringComparison.Ordinal));
        Assert.Equal(!isLoaded, pushed.IsSuccessStatusCode);
    }
}
