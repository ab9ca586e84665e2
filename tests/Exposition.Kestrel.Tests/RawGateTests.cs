using System.Text;

namespace Exposition.Kestrel.Tests;

public class RawGateTests
{
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nAuthorization: {0}\r\n\r\na 1\n";

    [Fact]
    public async Task WhatTheGateAdmitsIsServedWithItsHeadersAndTheRestIsHandedOnUnread()
    {
        var gate = new Gate("letmein");
        var raw = new RawHarness(gate: gate);

        string answers = await raw.ExchangeAsync(With("letmein") + "GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: letmein\r\n\r\n" + With("guess"));

        Assert.StartsWith("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nContent-Type: text/plain", answers, StringComparison.Ordinal);
        Assert.Equal(With("guess"), raw.HandedOn);
        Assert.Equal(2, raw.Target.Calls.Count);
        Assert.Equal(["letmein", "letmein", "guess", "guess"], gate.Asked);
    }

    [Fact]
    public async Task WithoutCredentialsTheGateIsAskedWithNothingAndTwoOfThemAreNotForTheRawDoor()
    {
        var open = new Gate("");
        var raw = new RawHarness(gate: open);
        Assert.Contains("X-A: b", await raw.ExchangeAsync("DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal([""], open.Asked);

        raw = new RawHarness(gate: new Gate("a"));
        string twice = "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nauthorization: a\r\n\r\n";
        await raw.ExchangeAsync(twice);
        Assert.Equal(twice, raw.HandedOn);
    }

    [Fact]
    public async Task RefusalsCarryTheHeadersToo()
    {
        var raw = new RawHarness(new ExpositionOptions { MaxBodyBytes = 3 }, gate: new Gate("x"));
        Assert.StartsWith("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nX-A: b\r\n", await raw.ExchangeAsync(With("x")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownCredentialsAreLearntAndServedByTheSameConnection()
    {
        var gate = new Gate("old") { Learns = "new" };
        foreach (int segment in (int[])[4096, 16])
        {
            var raw = new RawHarness(gate: gate, segment: segment);
            string answers = await raw.ExchangeAsync(With("old") + With("new") + With("new"), 30, 120, 200);
            Assert.Equal(3, answers.Split("HTTP/1.1 200 OK").Length - 1);
            Assert.Null(raw.HandedOn);
            Assert.Equal(3, raw.Target.Calls.Count);
        }
    }

    private static string With(string credentials) => Push.Replace("{0}", credentials, StringComparison.Ordinal);

    private sealed class Gate(string good) : IRawGate
    {
        public List<string> Asked { get; } = [];

        public ReadOnlyMemory<byte> HeaderLines { get; } = "X-A: b\r\n"u8.ToArray();

        public bool Admits(ReadOnlySpan<byte> authorization)
        {
            Asked.Add(Encoding.ASCII.GetString(authorization));
            return Asked[^1] == good || (Asked[^1] == Learns && _learnt);
        }

        public string? Learns { get; init; }

        private bool _learnt;

        public async ValueTask LearnAsync(string authorization)
        {
            await Task.Yield();
            _learnt |= authorization == Learns;
        }
    }
}
