using System.Globalization;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Api;

// Targets that differ in nothing but a parameter would share the series that Prometheus makes of each scrape, as up; so those of the
// further shards have an instance of their own. Pushed series keep theirs under honor_labels, and the engine's own are in the first.

/// <summary>Says in the form of Prometheus' http_sd where the engine is scraped. No answer of it has headers for other origins.</summary>
internal sealed class TargetsHandler(ExpositionEngine engine, ExpositionStatusOptions status)
{
    /// <summary>One target, or with <c>?shards=n</c> one for each shard.</summary>
    public Task ServeAsync(HttpContext context)
    {
        StringValues asked = context.Request.Query["shards"];
        int shards = 0;
        if (asked.Count > 1 || (asked.Count == 1
            && (!int.TryParse(asked[0], NumberStyles.None, CultureInfo.InvariantCulture, out shards) || shards is < 1 or > Shard.MaxCount)))
        {
            return engine.RefuseAsync(
                context, new Answer(400, $"shards: expected one number from 1 to {Shard.MaxCount}", Rejected: Rejection.Query));
        }

        return Place(context) is { } place ? WriteAsync(context, place, shards)
            : engine.RefuseAsync(
                context, new Answer(400, "the request has no Host: nothing else says where it came to", Rejected: Rejection.Host));
    }

    private static async Task WriteAsync(HttpContext context, (string Scheme, string Address, string Path) place, int shards)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartArray();
        for (int shard = 0; shard < Math.Max(1, shards); shard++)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("targets"u8);
            writer.WriteStringValue(place.Address);
            writer.WriteEndArray();
            writer.WriteStartObject("labels"u8);
            writer.WriteString("__scheme__"u8, place.Scheme);
            writer.WriteString("__metrics_path__"u8, place.Path);
            if (shards > 0)
            {
                string name = new Shard(shard, shards).ToString();
                writer.WriteString("__param_shard"u8, name);
                if (shard > 0)
                {
                    writer.WriteString("instance"u8, $"{place.Address} shard {name}");
                }
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    // Prometheus takes the path as it is, decoded, and wants a port.
    private (string Scheme, string Address, string Path)? Place(HttpContext context)
    {
        if (ReachedAddress.Of(engine, status, context) is not { } reached)
        {
            return null;
        }

        string host = reached.Host.ToUriComponent();
        string address = reached.Host.Port is null ? host + (reached.Scheme == "https" ? ":443" : ":80") : host;
        return (reached.Scheme, address, reached.Prefix + engine.Options.TelemetryPath);
    }
}
