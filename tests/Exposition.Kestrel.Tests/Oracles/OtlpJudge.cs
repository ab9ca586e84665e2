using System.Buffers;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Otlp;
using Exposition.Kestrel.Otlp;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// Takes a request with OTLP into an empty store, and looks at what has become of it. Promises: what cannot be read is refused by an
/// <see cref="OtlpException"/> and nothing else; each point that has a value is stored or rejected; what is stored is exposed in each
/// format so that its strict reader takes it; the same request once more is answered the same and changes nothing.
/// </summary>
internal sealed class OtlpJudge
{
    // Small, so that short inputs reach them.
    private const int MostBytes = 1 << 20;
    private const int MostPoints = 200;
    private const int MostResources = 8;
    private const int MostAttributes = 8;

    private readonly MetricStore _store;
    private readonly Func<ReadOnlyMemory<byte>, OtlpOutcome> _take;
    private readonly FamilySet _set = new();
    private readonly NameScheme _names;
    private readonly EscapingScheme _escaping;

    /// <param name="strategy">How names are made.</param>
    /// <param name="fault">What is planted before the intake, which it is given; nothing if there is none.</param>
    public OtlpJudge(
        OtlpTranslationStrategy strategy = OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes,
        Func<Func<ReadOnlyMemory<byte>, OtlpOutcome>, ReadOnlyMemory<byte>, OtlpOutcome>? fault = null)
    {
        bool isEscaped = strategy is OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes
            or OtlpTranslationStrategy.UnderscoreEscapingWithoutSuffixes;
        _names = isEscaped ? NameScheme.Legacy : NameScheme.Utf8;
        _escaping = isEscaped ? EscapingScheme.Underscores : EscapingScheme.AllowUtf8;
        var options = new ExpositionOptions
        {
            EngineMetrics = false,
            MaxOtlpResources = MostResources,
            MaxOtlpAttributes = MostAttributes,
            OtlpScopeLabels = !isEscaped,
            OtlpTranslation = strategy,
            Names = _names,
            Time = new Harness.StoppedTime(),
        };
        _store = new MetricStore(options.Store);
        var intake = new OtlpIntake(new ExpositionEngine(_store, options));
        OtlpOutcome Take(ReadOnlyMemory<byte> message) =>
            intake.Store(intake.Translate(message, sender: null), claim: null, waits: true)!.Value;
        _take = fault is null ? Take : message => fault(Take, message);
    }

    /// <summary>What is wrong, or null.</summary>
    /// <param name="request">In JSON if it begins with a brace, which no message in protobuf does; else in protobuf.</param>
    public string? Complaint(byte[] request)
    {
        _store.Wipe();
        ReadOnlyMemory<byte> message;
        OtlpOutcome first;
        try
        {
            message = request.AsSpan().StartsWith("{"u8) ? OtlpJson.ToProtobuf(request, MostBytes) : request;
            OtlpCheck.Run(message.Span, MostPoints);
            first = _take(message);
        }
        catch (OtlpException)
        {
            return null;
        }

        (long all, long withValue) = OtlpCount.Of(message);
        long told = first.Stored + first.Rejected.Points;
        string answer = Shown(first);
        string exposed = Expose(ScrapeFormat.Text);
        return first.Answer.Status is not (200 or 400) ? "the answer is " + answer
            : told < withValue || told > all
                ? $"of {withValue} points with values {first.Stored} were stored and {first.Rejected.Points} rejected"
            : Unreadable(exposed) is { } fault ? fault
            : Shown(_take(message)) is var again && again != answer ? $"answered first with {answer}\nand then with {again}"
            : Expose(ScrapeFormat.Text) is var then && then != exposed ? $"the same request has changed\n{exposed}\nto\n{then}"
            : null;
    }

    private static string Shown(in OtlpOutcome outcome) => $"{outcome.Answer.Status} {outcome.Answer.Text}; {outcome.Rejected.Text}";

    private string? Unreadable(string text)
    {
        byte[] openMetrics = Encoding.UTF8.GetBytes(Expose(ScrapeFormat.OpenMetrics));
        if (!TextFormat.TryRead(Encoding.UTF8.GetBytes(text), new TextReadOptions(_names, Lenient: false), _set, out FormatError error))
        {
            return $"the text cannot be read: {error}\n{text}";
        }

        if (!OpenMetricsFormat.TryRead(openMetrics, _names, _set, out error))
        {
            return $"the OpenMetrics cannot be read: {error}\n{Encoding.UTF8.GetString(openMetrics)}";
        }

        var protobuf = new ArrayBufferWriter<byte>();
        _store.WriteTo(protobuf, new ScrapeOptions { Format = ScrapeFormat.ProtobufDelimited, Escaping = _escaping });
        return ProtobufFormat.TryRead(protobuf.WrittenMemory, _set, out error) ? null
            : $"the protobuf cannot be read: {error}: {Convert.ToHexString(protobuf.WrittenSpan)}";
    }

    private string Expose(ScrapeFormat format)
    {
        var output = new ArrayBufferWriter<byte>();
        _store.WriteTo(output, new ScrapeOptions { Format = format, Escaping = _escaping });
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
