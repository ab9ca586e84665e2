using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Tests;

/// <summary><c>--push.timestamps</c>, through both doors and in all languages.</summary>
public sealed class SampleTimestampsTests
{
    private const string Path = "/metrics/job/j";

    // Families of one metric each with timestamp_ms = 5: a gauge m of 12; a counter m of 12 with an exemplar, which only its own bytes
    // keep.
    private static readonly byte[] s_gauge = [
        0x14, 0x0A, 1, (byte)'m', 0x18, 1, 0x22, 0x0D, 0x12, 9, 9, 0, 0, 0, 0, 0, 0, 0x28, 0x40, 0x30, 5];
    private static readonly byte[] s_counter = [0x21, 0x0A, 1, (byte)'m', 0x18, 0, 0x22, 0x1A, 0x1A, 0x16, 9, 0, 0, 0, 0, 0, 0, 0x28, 0x40,
        0x12, 0x0B, 0x11, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x1A, 0, 0x30, 5];

    public static TheoryData<string, byte[]> Bodies => new()
    {
        { "text/plain", "m 12 5\n"u8.ToArray() },
        { "text/plain", "# TYPE m gauge\nm 12 1700000000000"u8.ToArray() },
        { "text/plain", Encoding.Unicode.GetBytes("m 12 5\r\n") },
        { "application/openmetrics-text", "# TYPE m gauge\nm 12 5.5\n# EOF\n"u8.ToArray() },
        { "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", s_gauge },
        { "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", s_counter },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Samples_with_timestamps_are_refused(string type, byte[] body)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync();
        foreach (int port in doors.Ports)
        {
            (int status, string text) = await StoreDoors.SendAsync(port, "PUT", Path, body, "Content-Type: " + type);
            Assert.Equal(
                (400, "pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps\n"),
                (status, text));
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Or_their_timestamps_are_forgotten(string type, byte[] body)
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static o => o.Timestamps = SampleTimestamps.Drop);
        foreach (int port in doors.Ports)
        {
            // Three times: the last is a push of the same shape.
            for (int push = 0; push < 3; push++)
            {
                Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, body, "Content-Type: " + type));
                Assert.Equal("m{instance=\"\",job=\"j\"} 12\n", await StoreDoors.PushedAsync(port));
            }

            string protobuf = await StoreDoors.ExchangeAsync(port, Encoding.ASCII.GetBytes(
                "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: "
                    + "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text\r\n\r\n"));
            Assert.Contains("name: \"m\"", protobuf, StringComparison.Ordinal);
            Assert.DoesNotContain("timestamp_ms", protobuf, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Two_times_of_one_series_are_not_one_push()
    {
        await using StoreDoors doors = await StoreDoors.StartAsync(static o => o.Timestamps = SampleTimestamps.Drop);
        foreach (int port in doors.Ports)
        {
            (int status, string text) = await StoreDoors.SendAsync(port, "PUT", Path, "m 1 5\nm 2 6\n"u8.ToArray());
            Assert.Equal(400, status);
            Assert.Contains("was collected before", text, StringComparison.Ordinal);
        }
    }
}
