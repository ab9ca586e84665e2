using System.Net.Http.Headers;
using Exposition.Formats;
using Exposition.Pusher.Bodies;

namespace Exposition.Pusher;

/// <summary>
/// One push with all that can be said of it, for <see cref="PushgatewayClient.SendAsync"/>. Metrics and stream are read when it is sent;
/// one that was made of metrics or bytes may be sent again.
/// </summary>
public sealed class PushRequest
{
    private readonly IMetricSource? _metrics;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Stream? _stream;
    private readonly string _contentType = PushBody.Text;

    /// <summary>A push of what a source has when it is sent.</summary>
    public PushRequest(PushGroup group, IMetricSource metrics)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(metrics);
        (Group, _metrics) = (group, metrics);
    }

    /// <summary>A push of bytes as they are.</summary>
    /// <param name="group">Whose.</param>
    /// <param name="body">Must not change until the push has ended.</param>
    /// <param name="contentType">Of the body: <c>text/plain; version=0.0.4</c>, say.</param>
    /// <exception cref="FormatException">The content type is none.</exception>
    public PushRequest(PushGroup group, ReadOnlyMemory<byte> body, string contentType)
        : this(group, contentType) => _bytes = body;

    /// <summary>A push of what a stream holds from where it stands. It is read into memory, as it may have to be sent more than once, and
    /// not closed; such a request can be sent once.</summary>
    /// <param name="group">Whose.</param>
    /// <param name="body">Belongs to the caller.</param>
    /// <param name="contentType">Of the body: <c>text/plain; version=0.0.4</c>, say.</param>
    /// <exception cref="FormatException">The content type is none.</exception>
    public PushRequest(PushGroup group, Stream body, string contentType)
        : this(group, contentType)
    {
        ArgumentNullException.ThrowIfNull(body);
        _stream = body;
    }

    private PushRequest(PushGroup group, string contentType)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentException.ThrowIfNullOrWhiteSpace(contentType);
        MediaTypeHeaderValue.Parse(contentType);
        (Group, _contentType) = (group, contentType);
    }

    /// <summary>Whose metrics they are.</summary>
    public PushGroup Group { get; }

    /// <summary>What becomes of what the group has; by default it is replaced.</summary>
    public PushMethod Method { get; init; }

    /// <summary>
    /// When the group is to expire if nothing is pushed to it, in the header <c>Exposition-Expire-After</c>: Exposition Engine understands
    /// it, the Prometheus Pushgateway ignores it. Zero means never. By default the gateway's own rules count.
    /// </summary>
    public TimeSpan? ExpireAfter
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value ?? TimeSpan.Zero, TimeSpan.Zero, nameof(ExpireAfter));
            field = value;
        }
    }

    internal async ValueTask<PushBody> ReadBodyAsync(EscapingScheme escaping, CancellationToken cancellation)
    {
        if (_metrics is not null)
        {
            return MetricsText.Of(_metrics, escaping);
        }

        if (_stream is null)
        {
            return new PushBody(_bytes, _contentType);
        }

        var copy = new MemoryStream();
        await _stream.CopyToAsync(copy, cancellation).ConfigureAwait(false);
        return new PushBody(copy.GetBuffer().AsMemory(0, (int)copy.Length), _contentType);
    }
}
