using Exposition.Formats;
using Exposition.Formats.Rows;
using Exposition.Formats.Text;

namespace Exposition.Engine.Ingest;

/// <summary>Reads the bodies of pushes in the language that they are in.</summary>
internal static class PushReader
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="TooManyRowsException">There are more series than may be: they are not read to the end.</exception>
    public static bool TryRead(
        StoreOptions options, PushFormat format, ReadOnlyMemory<byte> body, FamilySet into, out FormatError malformed)
    {
        into.Progress.MostSeries = options.MaxSeriesPerPush;
        try
        {
            return TryReadAsSent(options, format, body, into, out malformed);
        }
        finally
        {
            into.Progress.MostSeries = 0;
        }
    }

    // The Pushgateway reads OpenMetrics as text, so a body that is good only as text stays good, and one that is bad as both gets the
    // text's error.
    private static bool TryReadAsSent(
        StoreOptions options, PushFormat format, ReadOnlyMemory<byte> body, FamilySet into, out FormatError malformed)
    {
        if (format == PushFormat.Protobuf)
        {
            return ProtobufFormat.TryRead(body, into, out malformed);
        }

        FormatError strict = default;
        if (format == PushFormat.OpenMetrics && OpenMetricsFormat.TryRead(body, options.Names, into, out strict))
        {
            malformed = default;
            return true;
        }

        bool read = TextFormat.TryRead(body, new TextReadOptions(options.Names, Lenient: true), into, out malformed);
        if (format != PushFormat.OpenMetrics)
        {
            if (!read)
            {
                malformed = malformed with { Hint = LikelyMistake.AsSent(malformed.Hint) };
            }

            return read;
        }

        // OpenMetrics says where it ends. What says so little of it that its last line has no end was cut short, and its last number with
        // it.
        if (read && !body.IsEmpty && body.Span[^1] != '\n')
        {
            malformed = new FormatError("unexpected end of input stream", 1 + body.Span.Count((byte)'\n'));
            read = false;
        }

        string why = $"and as OpenMetrics, line {strict.Line}: {strict.Message}";
        malformed = malformed with
        {
            Hint = malformed.Hint is null or LikelyMistake.OpenMetrics ? why : LikelyMistake.AsSent(malformed.Hint) + "; " + why,
        };
        return read;
    }
}
