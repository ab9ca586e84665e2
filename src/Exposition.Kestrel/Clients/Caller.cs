using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Exposition.Kestrel.Clients;

// A connection of the raw door has one for all its requests: what a refusal will tell is copied out of the head, which is gone by then, and
// made into text only if there is a refusal. So requests that are served allocate nothing for it.

/// <summary>Who sends the request at hand and what it asks for, as far as a refusal tells it.</summary>
internal sealed class Caller(ClientResolver clients, EndPoint? peer)
{
    /// <summary>So much of a target is kept, in bytes.</summary>
    public const int MostTarget = 1 << 10;

    // The entries that count are the last ones: proxies append.
    private const int MostForwarded = 1 << 10;

    private const int LongestMethod = 10;

    private readonly bool _isBelieved = clients.Believes(peer);
    private byte[] _target = [];
    private byte[] _forwarded = [];
    private int _targetLength;
    private int _targetWhole;
    private int _forwardedLength;

    /// <summary>The other end of the connection.</summary>
    public EndPoint? Peer => peer;

    /// <summary>Its name, if it has shown the credentials of a configured user.</summary>
    public string? User { get; set; }

    /// <summary>Whether nobody has asked it for credentials.</summary>
    public bool IsStranger { get; private init; }

    /// <summary>What it wants to do; null where that is not known.</summary>
    public string? Method { get; set; }

    /// <summary>The target of the request as it was sent, cut; null where it is not known.</summary>
    public string? Target => _targetLength == 0 ? null
        : _targetLength == _targetWhole ? Encoding.UTF8.GetString(_target, 0, _targetLength)
        : $"{Encoding.UTF8.GetString(_target, 0, _targetLength)}... ({_targetWhole} bytes)";

    /// <summary>The client that the peer speaks for, where the peer is believed and has named one.</summary>
    public IPAddress? Forwarded =>
        _forwardedLength == 0 ? null : clients.AddressOf(peer, Encoding.Latin1.GetString(_forwarded, 0, _forwardedLength));

    /// <summary>The caller of a request that the host's server has read.</summary>
    public static Caller Of(ExpositionEngine engine, HttpContext context)
    {
        EndPoint? peer = context.Connection.RemoteIpAddress is { } address
            ? new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, context.Connection.RemotePort)
            : context.Features.Get<IConnectionEndPointFeature>()?.RemoteEndPoint;
        var caller = new Caller(engine.Clients, peer) { User = KnownUser.Of(context), Method = context.Request.Method };
        if (caller._isBelieved)
        {
            caller.AddForwarded(Encoding.Latin1.GetBytes(context.Request.Headers[ForwardedFor.Name].ToString()));
        }

        caller.TakeTarget(Encoding.UTF8.GetBytes(context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? ""));
        return caller;
    }

    /// <summary>The caller of a head that is not in order, with what can be read of it.</summary>
    public static Caller OfRefusedHead(ClientResolver clients, EndPoint? peer, ReadOnlySpan<byte> head)
    {
        var caller = new Caller(clients, peer) { IsStranger = true };
        int end = head.IndexOf("\r\n"u8);
        ReadOnlySpan<byte> line = end < 0 ? head : head[..end];
        int blank = line.IndexOf((byte)' ');
        if (blank is > 0 and <= LongestMethod && !line[..blank].ContainsAnyExceptInRange((byte)'A', (byte)'Z'))
        {
            int last = line.LastIndexOf((byte)' ');
            caller.Take(last > blank ? line[(blank + 1)..last] : line[(blank + 1)..], head, user: null);
            caller.Method = Encoding.ASCII.GetString(line[..blank]);
        }

        return caller;
    }

    /// <summary>Takes what a complete head says.</summary>
    public void Take(ReadOnlySpan<byte> target, ReadOnlySpan<byte> head, string? user)
    {
        User = user;
        TakeTarget(target);
        _forwardedLength = 0;
        if (!_isBelieved)
        {
            return;
        }

        foreach (Range range in head.Split("\r\n"u8))
        {
            if (ForwardedFor.IsIn(head[range]))
            {
                AddForwarded(head[range][(ForwardedFor.Name.Length + 1)..]);
            }
        }
    }

    /// <summary>Takes the target of the request.</summary>
    public void TakeTarget(ReadOnlySpan<byte> target)
    {
        _targetWhole = target.Length;
        _targetLength = Math.Min(target.Length, MostTarget);
        Grow(ref _target, _targetLength);
        target[.._targetLength].CopyTo(_target);
    }

    /// <summary>Forgets the request.</summary>
    public void Reset()
    {
        (_targetLength, _forwardedLength) = (0, 0);
        (User, Method) = (null, null);
    }

    private void AddForwarded(ReadOnlySpan<byte> entries)
    {
        if (entries.Length > MostForwarded)
        {
            // What is cut off in the middle is no entry.
            entries = entries[^MostForwarded..];
            entries = entries[(entries.IndexOf((byte)',') + 1)..];
            _forwardedLength = 0;
        }

        int comma = _forwardedLength > 0 ? 1 : 0;
        if (_forwardedLength + comma + entries.Length > MostForwarded)
        {
            (_forwardedLength, comma) = (0, 0);
        }

        Grow(ref _forwarded, _forwardedLength + comma + entries.Length);
        if (comma > 0)
        {
            _forwarded[_forwardedLength++] = (byte)',';
        }

        entries.CopyTo(_forwarded.AsSpan(_forwardedLength));
        _forwardedLength += entries.Length;
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            Array.Resize(ref buffer, Math.Max(length, 2 * buffer.Length));
        }
    }
}
