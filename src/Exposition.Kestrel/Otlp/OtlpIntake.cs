using System.Buffers;
using System.Security.Cryptography;
using Exposition.Formats;
using Exposition.Formats.Otlp;
using Exposition.Formats.Translation;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Otlp;

// A resource is one push: all of its metrics are stored, or none but for those that were rejected one by one before. Where its source has
// begun anew within the request, what it counted before is a push of its own, and comes first. The pushes of a request are counted for the
// limits of their jobs before the first is stored: then all of it is refused, or nothing. A resource that the store has no room or no time
// for is to come again, with all of the request, and the answer says how much of it was stored.

/// <summary>Translates a decoded request, and stores it push by push.</summary>
/// <param name="engine">The engine.</param>
internal sealed class OtlpIntake(ExpositionEngine engine)
{
    private const int IdBytes = 16;

    private readonly OtlpTranslation _translation = new(
        NamesOf(engine.Options.OtlpTranslation),
        engine.Options.MaxOtlpAttributes > 0 ? engine.Options.MaxOtlpAttributes : int.MaxValue,
        engine.Options.OtlpScopeLabels);

    private readonly OtlpResources _resources = new(
        NamesOf(engine.Options.OtlpTranslation), engine.Options.OtlpGroupingAttributes, engine.Options.MaxOtlpAttributes);

    private ExpositionOptions Options => engine.Options;

    /// <summary>How names are made.</summary>
    public static OtlpNames NamesOf(OtlpTranslationStrategy strategy) => new(
        strategy is OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes or OtlpTranslationStrategy.UnderscoreEscapingWithoutSuffixes,
        strategy is OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes or OtlpTranslationStrategy.NoUtf8EscapingWithSuffixes);

    /// <summary>Translates a request.</summary>
    /// <param name="body">It, in protobuf, checked.</param>
    /// <param name="sender">Who sends it.</param>
    /// <exception cref="OtlpException">It is too large.</exception>
    public OtlpBatch Translate(ReadOnlyMemory<byte> body, object? sender)
    {
        IReadOnlyCollection<OtlpResource> found = _resources.Of(body.Span, Options.MaxOtlpResources);
        engine.Metrics.Limits.See(Limit.OtlpResources, found.Count);
        var batch = new OtlpBatch(sender);
        foreach (OtlpResource resource in found)
        {
            if (resource.Key is null)
            {
                batch.Rejected.Add(resource.Fault!, PointsOf(body.Span, resource));
                engine.Metrics.CountRefusal(resource.HasTooMuch ? Limit.OtlpAttributes : Limit.None);
                continue;
            }

            Translate(body, resource, batch);
        }

        return batch;
    }

    /// <summary>Stores what has been translated, or goes on with it.</summary>
    /// <param name="batch">The request.</param>
    /// <param name="claim">What it holds of the memory for all bodies; null for no limit.</param>
    /// <param name="waits">Whether it may wait for other pushes to the same groups.</param>
    /// <returns>Null where it would have to wait for them, or for memory: then it is to be called again.</returns>
    public OtlpOutcome? Store(OtlpBatch batch, BodyClaim? claim, bool waits)
    {
        if (!batch.IsCounted && !engine.Pushes.TryTake(batch.Keys))
        {
            return OtlpOutcome.Refused(Answer.TooOften(Options.MaxPushesPerSecond));
        }

        batch.IsCounted = true;
        while (batch.Done < batch.Pushes.Count)
        {
            if (batch.MustWait)
            {
                batch.Skip();
                continue;
            }

            if (Store(batch.Pushes[batch.Done], batch.Sender, claim, waits) is not { } answer)
            {
                return null;
            }

            batch.Take(answer);
            engine.Metrics.CountRefusal(answer.Status is >= 400 and < 500 ? answer.Limit : Limit.None);
        }

        return batch.End();
    }

    private Answer? Store(OtlpPush push, object? sender, BodyClaim? claim, bool waits)
    {
        long scratch = BodyPushes.JoinScratch(engine.Target.SizeOf(push.Key));
        if (scratch > 0 && (!waits || claim?.TryTake(scratch) == false))
        {
            return null;
        }

        try
        {
            return OtlpStoring.Push(engine.Target, push, sender, waits) is { } outcome ? PushAnswer.Of(outcome, asItIs: false) : null;
        }
        finally
        {
            claim?.GiveBack(scratch);
        }
    }

    private void Translate(ReadOnlyMemory<byte> body, OtlpResource resource, OtlpBatch batch)
    {
        var translator = new OtlpTranslator(_translation, body, _resources.Reserved, batch.Rejected);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TextRef part in resource.Parts)
        {
            translator.Take(part);
            hash.AppendData(body.Span.Slice(part.Start, part.Length));
        }

        engine.Metrics.Limits.See(Limit.OtlpAttributes, translator.SeenAttributes);
        if (translator.TooManyAttributes > 0)
        {
            engine.Metrics.CountRefusal(Limit.OtlpAttributes);
        }

        string id = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, IdBytes));
        for (int age = translator.Stretches - 1; age >= 0; age--)
        {
            var families = new ArrayBufferWriter<byte>();
            translator.Write(families, age);
            if (translator.Points > 0)
            {
                batch.Pushes.Add(new OtlpPush(
                    resource, families.WrittenMemory, [.. translator.Modes], [.. translator.Times], age == 0 ? id : $"{id}-{age}",
                    translator.Points));
            }
        }
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
}
