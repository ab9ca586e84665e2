using System.IO.Pipelines;
using System.Net;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Exposition.Kestrel.Raw;

/// <summary>
/// A connection as Kestrel's HTTP is to see it: with <see cref="CheckedInput"/> for its input, and never closed by the client: that a
/// client has gone is seen when it is written to.
/// </summary>
internal sealed class CheckedConnection : ConnectionContext
{
    private readonly ConnectionContext _connection;
    private readonly CheckedInput _input;

    public CheckedConnection(ExpositionEngine engine, RawServices services, ConnectionContext connection)
    {
        _connection = connection;
        _input = new CheckedInput(
            engine, services, connection.Transport.Input, connection.Transport.Output, Sender.Of(connection.RemoteEndPoint));
        Transport = new Duplex(_input, connection.Transport.Output);
        connection.Features.Set(_input);
    }

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed { get; set; } = CancellationToken.None;

    public override string ConnectionId
    {
        get => _connection.ConnectionId;
        set => _connection.ConnectionId = value;
    }

    public override IFeatureCollection Features => _connection.Features;

    public override IDictionary<object, object?> Items
    {
        get => _connection.Items;
        set => _connection.Items = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _connection.LocalEndPoint;
        set => _connection.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _connection.RemoteEndPoint;
        set => _connection.RemoteEndPoint = value;
    }

    // Kestrel aborts where it has read that a body ended too early. It was answered then, and the answer may still be on its way.
    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (_input.Fault is null)
        {
            _connection.Abort(abortReason);
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
