using System.Buffers;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Go;

namespace Exposition.Kestrel.Routing;

// target  = path [ "?" anything ]
// path    = prefix "/metrics/" ( "job" / "job@base64" ) "/" job tail        ; or the telemetry path
// tail    = *( "/" name [ "@base64" ] "/" value ) [ "/" right after the job ]
//
// The path is split at raw slashes and each segment is percent-decoded afterwards, so "%2F" belongs to a value. Here we differ from the
// reference, which decodes first and so refuses such pushes or files them elsewhere. An empty segment is no value: it is what becomes of
// one that starts with a slash, and so names another group than was meant. The Pushgateway redirects there, which many clients take for
// success; here changes are refused. Order of checks as in the Pushgateway: base64 of the job, the tail from left to right, an empty job.
// Ours come last: invalid UTF-8, which the Pushgateway lets in and which then breaks its every scrape. All text is decoded into one scratch
// buffer as long as the path; pairs are offsets into it. Both doors call Resolve with the raw target.

/// <summary>Finds the group that a request target names.</summary>
internal sealed class PushPath
{
    private const int StackBytes = 1024;
    private const int StackPairs = 32;

    private readonly ExpositionOptions _options;
    private readonly bool _utf8Names;
    private volatile ServedPaths _served;
    private readonly GroupingKeyCache _keys = new();

    public PushPath(ExpositionOptions options)
    {
        _options = options;
        _served = new ServedPaths(options, above: null);
        _utf8Names = options.Names == NameScheme.Utf8;
    }

    /// <summary>The paths as they stand in a request target.</summary>
    public ServedPaths Served => _served;

    /// <summary>
    /// Says which path the host has mapped the routes below, once it is known. Until then nothing stands before that of the options.
    /// </summary>
    /// <returns>Another path that they are mapped below, which then counts; else null.</returns>
    public string? MapBelow(string above)
    {
        if (_served.Above is null)
        {
            _served = new ServedPaths(_options, above);
        }

        return _served.Above == above ? null : _served.Above;
    }

    /// <summary>Whether the target starts like a group's. Cheap: for deciding early which requests are worth reading.</summary>
    public bool IsGroup(ReadOnlySpan<byte> target)
    {
        byte[] root = _served.Root;
        return target.StartsWith(root) && StartsTail(target[root.Length..], out _, out _);
    }

    /// <summary>Whether the target is the telemetry path.</summary>
    public bool IsTelemetry(ReadOnlySpan<byte> target) => PathOf(target).SequenceEqual(_served.Telemetry);

    /// <summary>Says what a raw request target in origin form names, and which group.</summary>
    public Route Resolve(ReadOnlySpan<byte> target)
    {
        ServedPaths served = _served;
        ReadOnlySpan<byte> path = PathOf(target);
        if (path.SequenceEqual(served.Telemetry))
        {
            return new Route(RouteKind.Telemetry);
        }

        if (served.SelfMetrics.Length > 0 && path.SequenceEqual(served.SelfMetrics))
        {
            return new Route(RouteKind.SelfMetrics);
        }

        if (!PercentEncoding.IsWellFormed(path))
        {
            return new Route(RouteKind.Malformed);
        }

        if (PathCleaner.FaultOf(path) is { } fault)
        {
            return new Route(RouteKind.Unclean, Error: fault);
        }

        if (path.StartsWith(served.Root) && StartsTail(path[served.Root.Length..], out bool base64, out ReadOnlySpan<byte> rest))
        {
            return !rest.IsEmpty ? ResolveGroup(rest, base64)
                : base64 ? default
                : new Route(RouteKind.None, Error: "job name is required");
        }

        return path.Contains((byte)'%') ? ResolveEscaped(path, served) : default;
    }

    /// <summary>Keeps the key of a group that exists, so that the next request for it costs no allocation.</summary>
    public void Keep(GroupingKey key) => _keys.Keep(key);

    /// <summary>The part of a target in origin form before its query.</summary>
    public static ReadOnlySpan<byte> PathOf(ReadOnlySpan<byte> target)
    {
        int query = target.IndexOf((byte)'?');
        return query < 0 ? target : target[..query];
    }

    // "/" or "@base64/" after "/metrics/job".
    private static bool StartsTail(ReadOnlySpan<byte> text, out bool base64, out ReadOnlySpan<byte> rest)
    {
        base64 = text.StartsWith("@base64/"u8);
        rest = base64 ? text[8..] : text.StartsWith((byte)'/') ? text[1..] : default;
        return base64 || text.StartsWith((byte)'/');
    }

    // "/metrics/%6Aob/x" and "/metrics%2Fjob/x" are "/metrics/job/x": of the fixed part every byte may be escaped.
    private Route ResolveEscaped(ReadOnlySpan<byte> path, ServedPaths served)
    {
        ReadOnlySpan<byte> rest = path;
        if (PercentEncoding.TryTake(ref rest, served.Telemetry) && rest.IsEmpty)
        {
            return new Route(RouteKind.Telemetry);
        }

        rest = path;
        bool isGroup = PercentEncoding.TryTake(ref rest, served.Root);
        bool base64 = isGroup && PercentEncoding.TryTake(ref rest, "@base64/"u8);
        return isGroup && (base64 || PercentEncoding.TryTake(ref rest, "/"u8)) && !rest.IsEmpty ? ResolveGroup(rest, base64) : default;
    }

    private Route ResolveGroup(ReadOnlySpan<byte> rest, bool base64)
    {
        int pairs = (rest.Count((byte)'/') / 2) + 2;
        byte[]? rentedText = null;
        byte[]? rentedKey = null;
        LabelPair[]? rentedPairs = null;
        // Decoding never lengthens; a name and a value may be copied once.
        Span<byte> text = rest.Length <= StackBytes
            ? stackalloc byte[(2 * StackBytes) + 8]
            : (rentedText = ArrayPool<byte>.Shared.Rent((2 * rest.Length) + 8));
        Span<byte> canonical = rest.Length <= StackBytes
            ? stackalloc byte[StackBytes + 8]
            : (rentedKey = ArrayPool<byte>.Shared.Rent(rest.Length + 8));
        Span<LabelPair> table = pairs <= StackPairs
            ? stackalloc LabelPair[StackPairs]
            : (rentedPairs = ArrayPool<LabelPair>.Shared.Rent(pairs));
        try
        {
            return ResolveGroup(rest, base64, new LabelPairs(text, table), canonical);
        }
        finally
        {
            Return(rentedText);
            Return(rentedKey);
            if (rentedPairs is not null)
            {
                ArrayPool<LabelPair>.Shared.Return(rentedPairs);
            }
        }
    }

    private Route ResolveGroup(ReadOnlySpan<byte> rest, bool base64, LabelPairs labels, Span<byte> canonical)
    {
        int slash = rest.IndexOf((byte)'/');
        TextRange job = labels.Decode(slash < 0 ? rest : rest[..slash]);
        ReadOnlySpan<byte> tail = slash < 0 ? default : rest[slash..];
        if (base64 && !labels.TryDecodeBase64(ref job, out int errorAt))
        {
            return Refused(
                $"invalid base64 encoding in job name {GoQuote.Text(labels.Text(job))}: illegal base64 data at input byte {errorAt}");
        }

        // A single slash right after the job means nothing.
        string? error = tail.Length > 1 ? ReadTail(tail, ref labels) : null;
        if (error is not null)
        {
            return Refused(error);
        }

        if (job.Length == 0)
        {
            return Refused("job name is required");
        }

        labels.AddJob(job);
        if (labels.FindInvalidText(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            return Refused($"value of label {ShownText.Of(name)} is not valid UTF-8: {GoQuote.Text(value)}");
        }

        GroupingKey? key = _keys.Get(labels.WriteCanonical(canonical), out bool isKept);
        return new Route(RouteKind.Group, key, IsNewKey: !isKept);
    }

    private string? ReadTail(ReadOnlySpan<byte> tail, ref LabelPairs labels)
    {
        if ((tail.Count((byte)'/') & 1) != 0)
        {
            TextRange all = labels.Decode(tail);
            return $"odd number of components in label string {GoQuote.Text(labels.Text(all))}";
        }

        while (!tail.IsEmpty)
        {
            tail = tail[1..];
            int middle = tail.IndexOf((byte)'/');
            TextRange name = labels.Decode(tail[..middle]);
            tail = tail[(middle + 1)..];
            int end = tail.IndexOf((byte)'/');
            TextRange value = labels.Decode(end < 0 ? tail : tail[..end]);
            tail = end < 0 ? default : tail[end..];

            bool base64 = labels.Text(name).EndsWith("@base64"u8);
            if (base64)
            {
                name = name with { Length = name.Length - 7 };
            }

            if (!TryTakeName(ref name, ref labels))
            {
                return $"improper label name {GoQuote.Text(labels.Text(name))}";
            }

            if (base64)
            {
                // Decoded in a copy: the error text wants the value as sent.
                _ = labels.Copy(value, out TextRange decoded);
                if (!labels.TryDecodeBase64(ref decoded, out int errorAt))
                {
                    return $"invalid base64 encoding for label {ShownText.Of(labels.Text(name))}={GoQuote.Text(labels.Text(value))}: "
                        + $"illegal base64 data at input byte {errorAt}";
                }

                value = decoded;
            }

            labels.Add(name, value);
        }

        return null;
    }

    // On failure the name stays as it was sent, for the error text.
    private bool TryTakeName(ref TextRange name, ref LabelPairs labels)
    {
        ReadOnlySpan<byte> sent = labels.Text(name);
        if (!_utf8Names)
        {
            return LabelNames.IsLegacy(sent);
        }

        if (!LabelNames.IsUtf8(sent))
        {
            return false;
        }

        if (!sent.StartsWith("U__"u8))
        {
            return true;
        }

        // What unescapes to nothing or to a reserved name is no name either (the Pushgateway misses the second).
        Span<byte> copy = labels.Copy(name, out TextRange unescaped);
        unescaped = unescaped with { Length = LabelNames.Unescape(copy) };
        if (!LabelNames.IsUtf8(labels.Text(unescaped)))
        {
            return false;
        }

        name = unescaped;
        return true;
    }

    private static Route Refused(string error) => new(RouteKind.Group, null, error);

    private static void Return(byte[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
