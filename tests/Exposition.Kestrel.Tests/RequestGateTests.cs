using System.Text;

namespace Exposition.Kestrel.Tests;

public class RequestGateTests
{
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nAuthorization: {0}\r\n\r\na 1\n";

    [Fact]
    public async Task WhatTheGateAdmitsIsServedWithItsHeadersAndTheRestIsHandedOnUnread()
    {
        var gate = new Gate("letmein");
        var raw = new RawHarness(gate: gate);

        string answers = await raw.ExchangeAsync(
            With("letmein") + "GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: letmein\r\n\r\n" + With("guess"));

        Assert.StartsWith(
            "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nVary: Accept, "
            + "Accept-Encoding\r\nContent-Type: text/plain", answers, StringComparison.Ordinal);
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
        Assert.StartsWith("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nX-A: b\r\n", await raw.ExchangeAsync(With("x")),
            StringComparison.Ordinal);
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

    [Fact]
    public async Task ARequestEntersOnceBeforeItsCredentialsAreLookedAtAndAlsoWhereItIsHandedOn()
    {
        var gate = new Gate("old") { Learns = "new", Tokens = 10 };
        var raw = new RawHarness(gate: gate);
        await raw.ExchangeAsync(With("old") + With("new") + With("new") + With("guess"));
        Assert.Equal(With("guess"), raw.HandedOn);
        Assert.Equal(6, gate.Tokens);
        EnteredRequest entered = raw.Connection.Features.Get<EnteredRequest>()!;
        Assert.True(entered.TryUse());
        Assert.False(entered.TryUse());

        gate = new Gate("") { Tokens = 1 };
        raw = new RawHarness(gate: gate);
        string unclean = "DELETE /metrics/job/a/../b HTTP/1.1\r\nHost: h\r\n\r\n";
        await raw.ExchangeAsync(unclean);
        Assert.Equal(unclean, raw.HandedOn);
        Assert.NotNull(raw.Connection.Features.Get<EnteredRequest>());
        Assert.Equal(0, gate.Tokens);

        gate = new Gate("x") { Tokens = 0 };
        raw = new RawHarness(gate: gate);
        await raw.ExchangeAsync(With("guess"));
        Assert.Equal(With("guess"), raw.HandedOn);
        Assert.Empty(gate.Asked);
        Assert.Empty(gate.Clients);
        Assert.Null(raw.Connection.Features.Get<EnteredRequest>());
    }

    [Fact]
    public async Task WhereTheGateIsBusyTheAnswerIs503AndIsCounted()
    {
        var raw = new RawHarness(gate: new Gate("x") { IsBusy = true });
        string answer = await raw.ExchangeAsync(With("guess"));
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nX-A: b\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("too many credentials wait to be checked\n", answer, StringComparison.Ordinal);
        Assert.Null(raw.HandedOn);
        Assert.Empty(raw.Target.Calls);
    }

    [Theory]
    [InlineData("10.0.0.1", "8.8.8.8")]
    [InlineData("203.0.113.5", "203.0.113.5")]
    public async Task TheGateLearnsWhoTheClientIs(string peer, string client)
    {
        var options = new ExpositionOptions { TrustedProxies = { System.Net.IPNetwork.Parse("10.0.0.0/8") } };
        var gate = new Gate("x");
        var raw = new RawHarness(options, gate: gate, peer: new System.Net.IPEndPoint(System.Net.IPAddress.Parse(peer), 5));
        await raw.ExchangeAsync(With("guess").Replace(
            "Host: h\r\n", "X-Forwarded-For: 7.7.7.7\r\nHost: h\r\nx-forwarded-for: 8.8.8.8, 10.0.0.2\r\n", StringComparison.Ordinal));
        Assert.Equal([client], gate.Clients.Select(static c => c.ToString()));
    }

    private static string With(string credentials) => Push.Replace("{0}", credentials, StringComparison.Ordinal);

    private sealed class Gate(string good) : IRequestGate
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

        public bool IsBusy { get; init; }

        public int Tokens { get; set; } = 100;

        public List<ClientAddress> Clients { get; } = [];

        public bool TryEnter() => --Tokens >= 0;

        public async ValueTask<bool> LearnAsync(string authorization, ClientAddress client)
        {
            await Task.Yield();
            Clients.Add(client);
            _learnt |= authorization == Learns;
            return !IsBusy;
        }
    }
}
