using System.Text;
using Exposition.Formats;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// What real clients sent to the reference, replayed byte for byte with the client's own segments. The counts say how much of it the raw
/// door serves: all of what pushes, but what asks for 100-continue, tests the edges, or is not a push at all.
/// </summary>
public class RecordedClientsTests
{
    [Theory]
    [InlineData("java-simpleclient-0.8.1-jdk17", 13, "")]
    [InlineData("flink-jm", 4, "")]
    [InlineData("go", 16, "expect:1")]
    [InlineData("node", 14, "")]
    [InlineData("dotnet", 21, "expect:1")]
    [InlineData("python", 11, "")]
    [InlineData("cpp", 13, "")]
    [InlineData("curl", 25, "connection:1 expect:5 method:1 path:5 version:1")]
    [InlineData("prometheus-2.42-scrape", 2, "")]
    [InlineData("prometheus-2.42-native", 1, "")]
    public async Task Replay(string client, int served, string handedOn)
    {
        int answers = 0;
        var reasons = new SortedDictionary<string, int>(StringComparer.Ordinal);
        string path = Path.Combine(AppContext.BaseDirectory, "Recorded", client);
        foreach (Recording connection in Recording.Connections(path + ".http.gz", path + ".json"))
        {
            using var raw = new RawHarness();
            string received = await raw.ExchangeAsync(
                Encoding.Latin1.GetString(connection.Bytes), [.. connection.Cuts.Where(cut => cut < connection.Bytes.Length)]);
            answers += received.Split("HTTP/1.1 ").Length - 1;
            if (raw.HandedOn is not null)
            {
                string reason = Reason(raw);
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
            }
        }

        Assert.Equal(handedOn, string.Join(' ', reasons.Select(static r => $"{r.Key}:{r.Value}")));
        Assert.Equal(served, answers);
    }

    private static string Reason(RawHarness raw)
    {
        var set = new FamilySet();
        raw.Engine.Collect(set);
        foreach (FamilyRow family in set.Families)
        {
            if (set.Text(family.Name).SequenceEqual("pushgateway_engine_handed_on_total"u8))
            {
                return Encoding.UTF8.GetString(set.Text(set.LabelsOf(family.FirstMetric)[0].Value));
            }
        }

        return "";
    }
}
