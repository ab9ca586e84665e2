using System.Globalization;
using System.Text;
using Exposition.Formats;

namespace Exposition.Load.Clients;

/// <summary>Ways to read a body. Neither prometheus-net nor OpenTelemetry has one.</summary>
internal static class Parsers
{
    public static IEnumerable<Peer> Of(byte[] body)
    {
        var state = new ExpositionReaderState(new TextReadOptions(NameScheme.Legacy, Lenient: false));
        var set = new FamilySet();
        return
        [
            new Peer("ours, reader", "every rule of a line; keeps nothing", () => Lines(body, state)),
            new Peer("ours, rows", "every rule of the format; keeps all", () => Rows(body, set)),
            new Peer("by hand, Split", "nothing; keeps names and values", () => ByHand(body)),
        ];
    }

    private static long Lines(byte[] body, ExpositionReaderState state)
    {
        state.Reset();
        long samples = 0;
        var reader = new ExpositionReader(body, state);
        while (reader.Read())
        {
            samples += reader.Token == ExpositionToken.Sample ? 1 : 0;
        }

        return reader.Error is null ? samples : throw new InvalidOperationException(reader.Error.ToString());
    }

    private static long Rows(byte[] body, FamilySet set)
    {
        if (!TextFormat.TryRead(body, new TextReadOptions(NameScheme.Legacy, Lenient: true), set, out FormatError error))
        {
            throw new InvalidOperationException(error.ToString());
        }

        return set.Metrics.Length;
    }

    // What one writes in five minutes.
    private static long ByHand(byte[] body)
    {
        var values = new Dictionary<string, double>();
        foreach (string line in Encoding.UTF8.GetString(body).Split('\n'))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                int at = line.LastIndexOf(' ');
                values[line[..at]] = double.Parse(line.AsSpan(at + 1), CultureInfo.InvariantCulture);
            }
        }

        return values.Count;
    }
}
