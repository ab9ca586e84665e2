using System.Text.Json;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>What <c>/api/v1/status</c> says that the Pushgateway's does not: what is wrong, and who scrapes.</summary>
internal static class StatusDetails
{
    /// <summary>Writes it behind the Pushgateway's fields; nothing for pages of other origins.</summary>
    public static void Write(Utf8JsonWriter writer, ExpositionEngine engine, HttpContext context)
    {
        if (!OwnFields.MayBeSeen(engine, context))
        {
            return;
        }

        writer.WriteStartArray("conditions"u8);
        foreach (Condition condition in engine.Conditions?.Read() ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, condition.Type);
            WriteTime(writer, "since"u8, condition.Since!.Value);
            writer.WriteString("message"u8, condition.Message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("scrapers"u8);
        foreach (Scraper scraper in engine.Scrapers.List())
        {
            writer.WriteStartObject();
            writer.WriteString("address"u8, scraper.Client.ToString());
            if (scraper.User is { } user)
            {
                writer.WriteString("user"u8, user);
            }

            WriteTime(writer, "last"u8, scraper.At);
            writer.WriteString("format"u8, EngineMeter.NameOf(scraper.Format));
            writer.WriteString("encoding"u8, scraper.Gzip ? "gzip"u8 : "identity"u8);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    // Those who compare times of several gateways need not know where each stands.
    private static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset at) =>
        writer.WriteString(name, GoTime.Nano(at, TimeZoneInfo.Utc));
}
