using System.IO.Compression;
using System.Text;
using System.Text.Json;
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
        foreach ((byte[] requests, int[] cuts) in Connections(client))
        {
            using var raw = new RawHarness();
            string received = await raw.ExchangeAsync(Encoding.Latin1.GetString(requests), cuts);
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

    private static IEnumerable<(byte[] Requests, int[] Cuts)> Connections(string client)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Recorded", client);
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(File.OpenRead(path + ".http.gz"), CompressionMode.Decompress))
        {
            gzip.CopyTo(unpacked);
        }

        byte[] all = unpacked.ToArray();
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(path + ".json"));
        foreach (JsonElement connection in index.RootElement.GetProperty("index").EnumerateArray())
        {
            int start = connection.GetProperty("request_offset").GetInt32();
            int length = connection.GetProperty("request_bytes").GetInt32();
            var cuts = new List<int>();
            int at = 0;
            foreach (JsonElement segment in connection.GetProperty("segments").EnumerateArray())
            {
                if (segment[0].GetString() == "c")
                {
                    cuts.Add(at += segment[2].GetInt32());
                }
            }

            yield return (all[start..(start + length)], [.. cuts.Where(c => c < length)]);
        }
    }
}
