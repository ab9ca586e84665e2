using System.Buffers;
using System.Security.Cryptography;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Otlp;
using Exposition.Formats.Translation;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Otlp;

/// <summary>What became of a request.</summary>
/// <param name="Answer">The answer, of which <see cref="Rejected"/> says more.</param>
/// <param name="Stored">How many points were stored.</param>
/// <param name="Rejected">Those that were not.</param>
internal readonly record struct OtlpOutcome(Answer Answer, long Stored, Rejections Rejected);

// A resource is one push: all of its metrics are stored, or none but for those that were rejected one by one before. One that the store has
// no room or no time for is to come again, with all of the request: what was stored of it is known by its id, and counts once.

/// <summary>Translates a decoded request and stores it, resource by resource.</summary>
/// <param name="engine">The engine.</param>
internal sealed class OtlpIntake(ExpositionEngine engine)
{
    private const int IdBytes = 16;

    private readonly OtlpNames _names = NamesOf(engine.Options.OtlpTranslation);

    private ExpositionOptions Options => engine.Options;

    /// <summary>How names are made.</summary>
    public static OtlpNames NamesOf(OtlpTranslationStrategy strategy) => new(
        strategy is OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes or OtlpTranslationStrategy.UnderscoreEscapingWithoutSuffixes,
        strategy is OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes or OtlpTranslationStrategy.NoUtf8EscapingWithSuffixes);

    /// <summary>Takes a request.</summary>
    /// <param name="body">It, in protobuf, checked.</param>
    /// <param name="sender">Who sends it.</param>
    /// <exception cref="OtlpException">It is too large.</exception>
    public OtlpOutcome Take(ReadOnlyMemory<byte> body, object? sender)
    {
        var resources = new OtlpResources(_names, Options.OtlpGroupingAttributes, Options.MaxOtlpAttributes);
        IReadOnlyCollection<OtlpResource> found = resources.Of(body.Span, Options.MaxOtlpResources);
        engine.Metrics.Limits.See(Limit.OtlpResources, found.Count);
        var rejected = new Rejections();
        long stored = 0;
        Answer? later = null;
        foreach (OtlpResource resource in found)
        {
            if (resource.Key is null)
            {
                rejected.Add(resource.Fault!, PointsOf(body.Span, resource));
                engine.Metrics.CountRefusal(resource.HasTooMuch ? Limit.OtlpAttributes : Limit.None);
                continue;
            }

            var own = new Rejections();
            (OtlpPush? push, long points) = Translate(body, resource, resources.Reserved, own, sender);
            Answer answer = push is null ? new Answer(200)
                : !engine.Pushes.TryTake(push.Key) ? Answer.TooOften(Options.MaxPushesPerSecond)
                : PushAnswer.Of(OtlpStoring.Push(engine.Target, push), asItIs: false);
            rejected.Add(own);
            if (answer.Status < 400)
            {
                stored += points;
            }
            else if (answer.Refusal == Refusal.Overload || answer.Status is 429 or 503 or 507)
            {
                later ??= answer;
            }
            else
            {
                engine.Metrics.CountRefusal(answer.Limit);
                rejected.Add($"group {Shown(push!.Key)}: {answer.Text}", points);
            }
        }

        return new OtlpOutcome(AnswerOf(later, stored, rejected), stored, rejected);
    }

    private static Answer AnswerOf(Answer? later, long stored, Rejections rejected) =>
        later is { } full ? full with { Status = full.Status == 429 ? 429 : 503 }
        : rejected.Points == 0 ? new Answer(200)
        : new Answer(stored > 0 ? 200 : 400, rejected.Text, Why: Refusal.Inconsistent);

    private (OtlpPush? Push, long Points) Translate(
        ReadOnlyMemory<byte> body, OtlpResource resource, IReadOnlySet<string> reserved, Rejections rejected, object? sender)
    {
        int most = Options.MaxOtlpAttributes > 0 ? Options.MaxOtlpAttributes : int.MaxValue;
        var translator = new OtlpTranslator(new OtlpTranslation(_names, most, Options.OtlpScopeLabels), body, reserved, rejected);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TextRef part in resource.Parts)
        {
            translator.Take(part);
            hash.AppendData(body.Span.Slice(part.Start, part.Length));
        }

        var families = new ArrayBufferWriter<byte>();
        translator.Write(families);
        engine.Metrics.Limits.See(Limit.OtlpAttributes, translator.SeenAttributes);
        if (translator.TooManyAttributes > 0)
        {
            engine.Metrics.CountRefusal(Limit.OtlpAttributes);
        }

        return translator.Points == 0 ? (null, 0) : (new OtlpPush(
            resource.Key!, families.WrittenMemory, translator.Written, resource.Source,
            Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, IdBytes)), sender), translator.Points);
    }

    private static long PointsOf(ReadOnlySpan<byte> body, OtlpResource resource)
    {
        long points = 0;
        foreach (TextRef part in resource.Parts)
        {
            foreach (TextRef scope in OtlpFields.All(body, part, 2))
            {
                foreach (TextRef place in OtlpFields.All(body, scope, 2))
                {
                    int at = 0;
                    OtlpMetric metric = OtlpMetric.Read(body, place);
                    while (metric.TryNext(body, ref at, out _))
                    {
                        points++;
                    }
                }
            }
        }

        return points;
    }

    private static string Shown(GroupingKey key) => key.ToString();
}
