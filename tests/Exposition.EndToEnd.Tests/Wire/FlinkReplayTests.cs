namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>A Flink task manager's pushes as recorded: afterwards the gateway exposes exactly what was in the last body.</summary>
public sealed class FlinkReplayTests
{
    [Theory]
    [InlineData("flink-jm")]
    [InlineData("flink-tm-2x5")]
    public async Task Every_series_of_the_body_is_exposed_with_its_value(string name)
    {
        var requests = RecordedClient.Load(name).Connections.Single();
        await using var gateway = await GatewayProcess.StartAsync();
        using var connection = new RawConnection(gateway.Port);
        foreach (var push in requests.Where(request => request.IsPush))
        {
            Assert.Equal(200, connection.Exchange(push).Status);
            await AssertExposedAsync(gateway, push);
        }

        Assert.Equal(1, connection.Opened);
        Assert.Equal(202, connection.Exchange(requests.Single(request => request.IsDelete)).Status);
        await gateway.ScrapeUntilAsync(
            now => now.With("job=\"" + Job(requests[0])).Count == 0 && now.With("tm_id=").Count == 0, "the deletion");
    }

    private static async Task AssertExposedAsync(GatewayProcess gateway, RecordedRequest push)
    {
        var grouping = Grouping(push);
        var expected = new Dictionary<string, double>();
        var summaries = new HashSet<string>();
        foreach (var line in System.Text.Encoding.UTF8.GetString(push.Body()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE", StringComparison.Ordinal))
            {
                summaries.UnionWith(line.EndsWith(" summary", StringComparison.Ordinal) ? [line.Split(' ')[2]] : []);
            }
            else if (line[0] != '#')
            {
                var (name, labels, value) = Scraped.ParseSample(line);
                if (labels.TryGetValue("quantile", out var quantile))
                {
                    labels["quantile"] = quantile switch { "0.0" => "0", "1.0" => "1", _ => quantile };
                }

                Overwrite(labels, grouping);
                expected[Scraped.Series(name, labels)] = value;
                if (name.EndsWith("_count", StringComparison.Ordinal) && summaries.Contains(name[..^"_count".Length]))
                {
                    // Flink sends no _sum; the reference then exposes one of 0.
                    expected[Scraped.Series(name[..^"_count".Length] + "_sum", labels)] = 0;
                }
            }
        }

        Assert.True(expected.Count > 70, "the recorded body is shorter than it was");
        var actual = (await gateway.ScrapeAsync()).With($"job=\"{Job(push)}\"")
            .Where(sample => !sample.Key.StartsWith("push_", StringComparison.Ordinal)).ToDictionary();
        Assert.Empty(expected.Keys.Except(actual.Keys));
        Assert.Empty(actual.Keys.Except(expected.Keys));
        foreach (var (series, value) in expected)
        {
            Assert.True(value.Equals(actual[series]), $"{series}: {actual[series]} instead of {value}");
        }
    }

    private static void Overwrite(Dictionary<string, string> labels, Dictionary<string, string> grouping)
    {
        foreach (var (name, value) in grouping)
        {
            labels[name] = value;
        }

        labels.TryAdd("instance", "");
    }

    private static string Job(RecordedRequest push) => Grouping(push)["job"];

    private static Dictionary<string, string> Grouping(RecordedRequest push)
    {
        var parts = push.Target.Split('/').Skip(2).ToArray();
        return Enumerable.Range(0, parts.Length / 2).ToDictionary(i => parts[2 * i], i => parts[(2 * i) + 1]);
    }
}
