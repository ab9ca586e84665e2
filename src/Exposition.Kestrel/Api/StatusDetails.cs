using System.Text.Json;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>What <c>/api/v1/status</c> says that the Pushgateway's does not: what is wrong, who scrapes, which nodes there are.</summary>
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
        if (engine.Nodes is { } nodes)
        {
            WriteNodes(writer, nodes);
        }
    }

    private static void WriteNodes(Utf8JsonWriter writer, INodeSource nodes)
    {
        writer.WriteStartArray("nodes"u8);
        foreach (HostNode node in nodes.Read())
        {
            writer.WriteStartObject();
            writer.WriteString("address"u8, node.Address);
            writer.WriteBoolean("own"u8, node.IsOwn);
            writer.WriteNumber("entries_behind"u8, node.Behind);
            WriteTime(writer, "heard"u8, node.HeardAt);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    // Those who compare times of several gateways need not know where each stands.
    private static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset at) =>
        writer.WriteString(name, GoTime.Nano(at, TimeZoneInfo.Utc));
}
