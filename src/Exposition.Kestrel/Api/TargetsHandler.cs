using System.Globalization;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Hosting.Conditions;
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
    /// <summary>
    /// One target, or with <c>?shards=n</c> one for each shard; with <c>?of=nodes</c> the own metrics of each node.
    /// </summary>
    public Task ServeAsync(HttpContext context)
    {
        StringValues asked = context.Request.Query["shards"];
        StringValues of = context.Request.Query["of"];
        int shards = 0;
        if (asked.Count > 1 || (asked.Count == 1
            && (!int.TryParse(asked[0], NumberStyles.None, CultureInfo.InvariantCulture, out shards) || shards is < 1 or > Shard.MaxCount)))
        {
            return RefuseAsync(context, $"shards: expected one number from 1 to {Shard.MaxCount}", Rejection.Query);
        }

        if (of.Count > 0 && (of.Count > 1 || of[0] != "nodes" || asked.Count > 0))
        {
            return RefuseAsync(context, "of: expected of=nodes alone", Rejection.Query);
        }

        return Place(context) is not { } place
            ? RefuseAsync(context, "the request has no Host: nothing else says where it came to", Rejection.Host)
            : WriteAsync(context, of.Count > 0 ? Nodes(context, place) : Targets(place, shards));
    }

    private static async Task WriteAsync(HttpContext context, IEnumerable<Target> targets)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartArray();
        foreach (Target target in targets)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("targets"u8);
            writer.WriteStringValue(target.Address);
            writer.WriteEndArray();
            writer.WriteStartObject("labels"u8);
            writer.WriteString("__scheme__"u8, target.Scheme);
            writer.WriteString("__metrics_path__"u8, target.Path);
            if (target.Shard is { } shard)
            {
                writer.WriteString("__param_shard"u8, shard.ToString());
                if (shard.Index > 0)
                {
                    writer.WriteString("instance"u8, $"{target.Address} shard {shard}");
                }
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static IEnumerable<Target> Targets(Target place, int shards) => shards == 0 ? [place]
        : Enumerable.Range(0, shards).Select(shard => place with { Shard = new Shard(shard, shards) });

    // Behind a balancer, each by itself: what the client reaches says nothing of them but how this host was reached.
    private IEnumerable<Target> Nodes(HttpContext context, Target place)
    {
        string path = engine.Options.FullSelfMetricsPath ?? engine.Options.FullTelemetryPath;
        IReadOnlyList<HostNode> nodes = engine.Nodes?.Read() ?? [];
        return nodes.Count == 0 ? [place with { Path = path }]
            : nodes.Select(node => new Target(context.Request.Scheme, node.Address, path));
    }

    private Task RefuseAsync(HttpContext context, string why, Rejection rejected) =>
        engine.RefuseAsync(context, new Answer(400, why, Rejected: rejected));

    // Prometheus takes the path as it is, decoded, and wants a port.
    private Target? Place(HttpContext context)
    {
        if (ReachedAddress.Of(engine, status, context) is not { } reached)
        {
            return null;
        }

        string host = reached.Host.ToUriComponent();
        string address = reached.Host.Port is null ? host + (reached.Scheme == "https" ? ":443" : ":80") : host;
        return new Target(reached.Scheme, address, reached.Prefix + engine.Options.TelemetryPath);
    }

    private readonly record struct Target(string Scheme, string Address, string Path, Shard? Shard = null);
}
