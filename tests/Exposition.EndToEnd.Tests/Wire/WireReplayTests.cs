namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>Every recorded connection of every recorded client, byte for byte, against a fresh server.</summary>
public sealed class WireReplayTests
{
    /// <summary>
    /// The program's own counter of pushes, deletes and scrapes by the door that served them: <c>door="raw"</c>, or
    /// <c>door="kestrel"</c> for the general HTTP pipeline.
    /// </summary>
    private const string DoorFamily = "pushgateway_engine_requests_total";

    private const string RawDoor = "door=\"raw\"";

    [Theory]
    [MemberData(nameof(RecordedClient.Names), MemberType = typeof(RecordedClient))]
    public async Task Recorded_client_is_answered_as_it_expects(string name)
    {
        var client = RecordedClient.Load(name);
        await using var gateway = await GatewayProcess.StartAsync();
        var rawBefore = await RawServedAsync(gateway);
        var wrong = new List<string>();
        var raw = 0;
        foreach (var requests in client.Connections)
        {
            using var connection = new RawConnection(gateway.Port);
            var handedOn = false;
            foreach (var request in requests)
            {
                var openedBefore = connection.Opened;
                var answer = connection.Exchange(request);

                // A connection that once asked for something special stays with the HTTP pipeline.
                handedOn = (handedOn && connection.Opened == openedBefore) || !request.IsPlain || !IsHot(request);
                raw += handedOn ? 0 : 1;
                var expected = ExpectedStatus.For(request);
                if (!expected.Contains(answer.Status))
                {
                    wrong.Add($"{request}: {answer.Status} instead of {string.Join(" or ", expected)}: "
                        + "{System.Text.Encoding.UTF8.GetString(answer.Body.AsSpan(0, Math.Min(answer.Body.Length, 200)))}");
                }

                if (answer.Status is 200 or 202 && request.IsPushPath)
                {
                    // Java and Go keep their connection only when the answer says that it has no body.
                    Assert.Equal("0", answer.Headers["Content-Length"].Single());
                    Assert.Equal(answer.Closes, request.Version == "HTTP/1.0" || request.Header("Connection") is { } asked
                        && asked.Contains("close", StringComparison.OrdinalIgnoreCase));
                }
            }
        }

        Assert.Empty(wrong);
        var after = await gateway.ScrapeAsync();
        Assert.DoesNotContain("panic", gateway.Log, StringComparison.Ordinal);
        if (!ServerCommand.IsReplaced)
        {
            // Whether a scrape counts itself or not, the difference holds one of this test's two.
            Assert.Equal(raw + 1, RawServed(after) - rawBefore);
        }
    }

    private static bool IsHot(RecordedRequest request) => request.IsPush || request.IsDelete || request.IsScrape;

    private static async Task<double> RawServedAsync(GatewayProcess gateway) =>
        ServerCommand.IsReplaced ? 0 : RawServed(await gateway.ScrapeAsync());

    private static double RawServed(Scraped scraped)
    {
        var doors = scraped.Samples.Where(sample => sample.Key.StartsWith(DoorFamily, StringComparison.Ordinal)).ToList();
        Assert.True(doors.Count > 0, DoorFamily + " is not exposed");
        return doors.Where(sample => sample.Key.Contains(RawDoor, StringComparison.Ordinal)).Sum(sample => sample.Value);
    }
}
