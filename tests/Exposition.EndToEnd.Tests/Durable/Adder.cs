using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Exposition.EndToEnd.Tests.Durable;

/// <summary>How an adder pushes.</summary>
public enum AdderKind
{
    /// <summary>One more, in text, each push with an id.</summary>
    Id,

    /// <summary>All that it has counted, in text, as a source.</summary>
    Source,

    /// <summary>One more, by OTLP.</summary>
    OtlpDelta,

    /// <summary>All that it has counted, by OTLP.</summary>
    OtlpTotal,
}

/// <summary>Counts one after the other into a counter of a group, and sends again what was not answered.</summary>
internal sealed class Adder(int number, int group, AdderKind kind)
{
    private readonly ConcurrentQueue<long> _answered = [];
    private bool _isOpen;

    public int Group => group;

    public AdderKind Kind => kind;

    /// <summary>Whether it pushes all that it has counted, so that its next push makes good what was lost.</summary>
    public bool HasTotal => kind is AdderKind.Source or AdderKind.OtlpTotal;

    /// <summary>How many it has counted, the one that is not answered yet among them.</summary>
    public int Counted { get; private set; }

    public int Retries { get; private set; }

    /// <summary>How many were answered.</summary>
    public int Answers { get; private set; }

    /// <summary>How many of them must be in the sum.</summary>
    public int Certain { get; private set; }

    public async Task WorkAsync(GatewayProcess gateway, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await AddAsync(gateway, stop);
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // The server was killed.
        }
    }

    /// <summary>Sends what was not answered; of a total, one more push.</summary>
    public async Task FinishAsync(GatewayProcess gateway)
    {
        if (_isOpen || HasTotal)
        {
            await AddAsync(gateway, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What was answered before a time must be there after the kill.</summary>
    public void Settle(long before)
    {
        while (_answered.TryDequeue(out var at))
        {
            Certain += at <= before ? 1 : 0;
        }
    }

    private async Task AddAsync(GatewayProcess gateway, CancellationToken stop)
    {
        Retries += _isOpen ? 1 : 0;
        Counted += _isOpen ? 0 : 1;
        _isOpen = true;
        using var request = Request();
        using var answer = await gateway.Client.SendAsync(request, stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        Assert.True(answer.StatusCode == HttpStatusCode.OK && text is "" or "{}", $"{answer.StatusCode} {text}: {gateway.Log}");
        _answered.Enqueue(Stopwatch.GetTimestamp());
        _isOpen = false;
        Answers++;
    }

    private HttpRequestMessage Request()
    {
        var isOtlp = kind is AdderKind.OtlpDelta or AdderKind.OtlpTotal;
        var value = HasTotal ? Counted : 1;
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(isOtlp ? "v1/metrics" : $"metrics/job/g{group}", UriKind.Relative))
        {
            Content = isOtlp ? new StringContent(Otlp(value), Encoding.UTF8, "application/json")
                : new StringContent($"# TYPE added_total counter\nadded_total{{kind=\"{kind}\"}} {value}\n"),
        };
        if (kind == AdderKind.Id)
        {
            request.Headers.Add("Exposition-Push-Id", $"{number}/{Counted}");
        }
        else if (kind == AdderKind.Source)
        {
            request.Headers.Add("Exposition-Push-Mode", "cumulative");
            request.Headers.Add("Exposition-Source", $"{number}");
        }

        return request;
    }

    private string Otlp(int value) => $$$"""
        {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"g{{{group}}}"}},
          {"key":"service.instance.id","value":{"stringValue":"{{{number}}}"}}]},"scopeMetrics":[{"metrics":[
          {"name":"added","sum":{"aggregationTemporality":{{{(HasTotal ? 2 : 1)}}},"isMonotonic":true,"dataPoints":[
            {"attributes":[{"key":"kind","value":{"stringValue":"{{{kind}}}"}}],"asInt":"{{{value}}}","startTimeUnixNano":"1",
             "timeUnixNano":"{{{Counted + 1}}}"}]}}]}]}]}
        """;
}
