using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Exposition.Kestrel.Raw;

/// <summary>What all raw connections of a listener share.</summary>
/// <param name="engine">The engine.</param>
/// <param name="gate">Decides about single requests for the host; null where nothing does.</param>
/// <param name="rules">The host's rules for the routes; null where a gate stands for them.</param>
internal sealed class RawServices(ExpositionEngine engine, IRequestGate? gate, HostRules? rules)
{
    private const int LongestHead = 64 << 10;

    public HeadParser Parser { get; } = new(
        engine.Paths, Math.Min(LongestHead, HeadLimits.OrMost(engine.Options.MaxHeadBytes)),
        HeadLimits.OrMost(engine.Options.MaxTargetBytes), HeadLimits.OrMost(engine.Options.MaxHeaders));

    public AnswerWriter Answers { get; } = new(engine.Dates, engine.Options.IdleTimeout, gate);

    public HeadCheck Check { get; } = new(engine.Options);

    public IRequestGate? Gate => gate;

    /// <summary>Whether the host has rules that the endpoints alone can keep.</summary>
    public bool IsClosed => rules is { ClosesRawDoor: true };
}

/// <summary>
/// Connection middleware that serves hot requests itself and leaves a connection to Kestrel's HTTP at the first other one, for good.
/// </summary>
internal sealed class RawConnectionMiddleware(ExpositionEngine engine, IRequestGate? gate, HostRules? rules, ConnectionDelegate next)
{
    private readonly RawServices _services = new(engine, gate, rules);

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<ITlsHandshakeFeature>() is not null
            && connection.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.ITlsApplicationProtocolFeature>() is { } alpn
            && alpn.ApplicationProtocol.Span.SequenceEqual("h2"u8))
        {
            engine.Metrics.CountHandedOn(HandOnReason.Http2);
            await next(connection);
            return;
        }

        var raw = new RawConnection(engine, _services, connection);
        if (await raw.ServeAsync())
        {
            await next(new CheckedConnection(engine, _services, connection));
        }
    }
}
