using System.Text;

namespace Exposition.EndToEnd.Tests.Replicated;

/// <summary>
/// A counter that several add to at once, each addition with an id and sent again, to any gateway, until it is answered: what it comes to
/// is the number of ids, exactly.
/// </summary>
internal sealed class AddedCounter(string job)
{
    private int _ids;

    /// <summary>How many additions were answered.</summary>
    public int Ids => Volatile.Read(ref _ids);

    /// <summary>Adds one after the other; the last one is answered, too.</summary>
    public async Task AddAsync(ReplicatedGateways all, string name, Random random, CancellationToken stop, CancellationToken end)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(15) };
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            while (!await TryAddAsync(client, all, $"{name} {number}", random, end))
            {
                await Task.Delay(20, end);
            }

            Interlocked.Increment(ref _ids);
        }
    }

    /// <summary>What is wrong with it in a scrape that all additions have come to rest before; null if nothing is.</summary>
    public string? WrongAtRest(Scraped scraped)
    {
        var sum = scraped.With($"job=\"{job}\"")
            .Where(static s => s.Key.StartsWith("added_total", StringComparison.Ordinal)).Select(static s => s.Value).SingleOrDefault();
        return sum == Ids ? null : string.Create(CultureInfo.InvariantCulture, $"{job} is {sum}, of {Ids} distinct ids");
    }

    private async Task<bool> TryAddAsync(HttpClient client, ReplicatedGateways all, string id, Random random, CancellationToken end)
    {
        var ready = all.Ready;
        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(ready[random.Next(ready.Count)].Address, $"metrics/job/{job}"))
        {
            Content = new StringContent("# TYPE added_total counter\nadded_total 1\n", Encoding.UTF8, "text/plain"),
        };
        request.Headers.Add("Exposition-Push-Mode", "add");
        request.Headers.Add("Exposition-Push-Id", id);
        try
        {
            using var response = await client.SendAsync(request, end);
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable,
                $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(end)}");
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !end.IsCancellationRequested))
        {
            // The gateway was killed, or hangs.
            return false;
        }
    }
}
