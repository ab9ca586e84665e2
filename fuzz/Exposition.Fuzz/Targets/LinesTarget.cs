using System.Text;
using Exposition.Formats;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The reader of lines. Promises: a text cut anywhere gives the same tokens and the same error as in one piece; what the whole-body reader
/// takes, this one takes, a bound that comes twice apart; every line is counted.
/// </summary>
internal sealed class LinesTarget : IFuzzTarget
{
    private readonly FamilySet _set = new();
    private readonly TextTarget _text = new();

    public string Name => "lines";

    public IEnumerable<byte[]> Seeds => _text.Seeds;

    public IReadOnlyList<byte[]> Dictionary => _text.Dictionary;

    public void Run(byte[] input)
    {
        foreach (var options in new[] { new TextReadOptions(NameScheme.Legacy, Lenient: false),
            new TextReadOptions(NameScheme.Utf8, Lenient: true) })
        {
            var state = new ExpositionReaderState(options);
            var whole = Read(input, state, input.Length, out var error);
            var lines = state.Lines;
            foreach (var piece in new[] { 1, 3, 1 + (input.Length / 2) })
            {
                state.Reset();
                var pieces = Read(input, state, piece, out var other);
                if (pieces != whole || other != error || state.Lines != lines)
                {
                    throw new BrokenPromiseException($"in pieces of {piece}: {pieces} {other}, as a whole: {whole} {error}");
                }
            }

            if (error is null)
            {
                if (lines != input.AsSpan().Count((byte)'\n') + (input is [] or [.., (byte)'\n'] ? 0 : 1))
                {
                    throw new BrokenPromiseException($"{lines} lines were counted");
                }
            }
            else if (TextFormat.TryRead(input, options, _set, out _)
                && !error.Value.Message.StartsWith("duplicate label names", StringComparison.Ordinal))
            {
                throw new BrokenPromiseException($"refused line by line only: {error}");
            }
        }
    }

    private static string Read(byte[] text, ExpositionReaderState state, int piece, out FormatError? error)
    {
        var tokens = new StringBuilder();
        var start = 0;
        for (var end = Math.Min(piece, text.Length); ; end = Math.Min(end + piece, text.Length))
        {
            var reader = new ExpositionReader(text.AsSpan(start..end), state, isFinalBlock: end == text.Length);
            while (reader.Read())
            {
                tokens.Append(reader.Token).Append(' ').Append(Convert.ToHexString(reader.Name)).Append(Convert.ToHexString(reader.Help))
                    .Append(reader.Token == ExpositionToken.Type
                    ? reader.Type
                    : default).Append(reader.Token == ExpositionToken.Sample ? reader.Value : 0)
                        .Append(reader.Token == ExpositionToken.Sample && reader.HasTimestamp ? reader.TimestampMs : -1);
                foreach (var label in reader.Labels)
                {
                    tokens.Append(' ').Append(Convert.ToHexString(label.Name)).Append('=').Append(Convert.ToHexString(label.Value));
                }

                tokens.Append('\n');
            }

            start += reader.BytesConsumed;
            error = reader.Error;
            if (error is not null || end == text.Length)
            {
                return tokens.ToString();
            }
        }
    }
}
