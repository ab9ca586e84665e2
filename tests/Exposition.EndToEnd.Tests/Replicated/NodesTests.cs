using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Replicated;

/// <summary>Which gateways there are, and how far each has come, is said by all of them.</summary>
public sealed class NodesTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Gateways_list_each_other_and_nothing_is_behind_after_deletes_of_what_is_not_there()
    {
        await using var engine = await NatsServer.StartAsync();
        string[] flags = [
            $"--replication.url={engine.Address.OriginalString}", "--replication.replicas=1", "--web.self-metrics-path=/self"];
        await using var one = await GatewayProcess.StartAsync(flags);
        await using var other = await GatewayProcess.StartAsync(flags);
        using var body = new StringContent("a 1\n");
        using var pushed = await one.Client.PutAsync(new Uri("metrics/job/a", UriKind.Relative), body);
        Assert.True(pushed.IsSuccessStatusCode);
        string[] addresses = [.. new[] { one, other }.Select(static gateway => $"127.0.0.1:{gateway.Port}").Order(StringComparer.Ordinal)];
        await UntilAsync(async () => (await AskAsync(one)).SequenceEqual(addresses) && (await AskAsync(other)).SequenceEqual(addresses));

        string targets = await other.Client.GetStringAsync(new Uri("api/v1/targets?of=nodes", UriKind.Relative));
        Assert.Equal(
            "[" + string.Join(',', addresses.Select(static address =>
                $$$"""{"targets":["{{{address}}}"],"labels":{"__scheme__":"http","__metrics_path__":"/self"}}""")) + "]", targets);
        string page = await one.Client.GetStringAsync(new Uri("status", UriKind.Relative));
        Assert.All(addresses, address => Assert.Contains("gateway " + address, page, StringComparison.Ordinal));

        // Each asks the log first, which makes an entry that no gateway is given.
        for (var i = 0; i < 5; i++)
        {
            using var answer = await one.Client.DeleteAsync(new Uri("metrics/job/nobody", UriKind.Relative));
            Assert.Equal(202, (int)answer.StatusCode);
        }

        await UntilAsync(async () =>
        {
            var self = Scraped.Parse(await one.Client.GetStringAsync(new Uri("self", UriKind.Relative)));
            return self.Value("pushgateway_replication_lag_entries") == 0
                && self.Value("pushgateway_replication_append_duration_seconds_count") > 0;
        });
    }

    private static async Task<string[]> AskAsync(GatewayProcess gateway)
    {
        using var status = JsonDocument.Parse(await gateway.Client.GetStringAsync(new Uri("api/v1/status", UriKind.Relative)));
        return [.. status.RootElement.GetProperty("data").GetProperty("nodes").EnumerateArray()
            .Select(static node => node.GetProperty("address").GetString()!)];
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var until = DateTime.UtcNow + s_patience;
        while (!await isSo())
        {
            Assert.True(DateTime.UtcNow < until, "it has not come to be so");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
