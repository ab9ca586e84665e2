using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Exposition.Formats;
using Exposition.Formats.Writing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Prometheus;

namespace Exposition.Load.Clients;

/// <summary>Ways to write the gauges of a body as text, from where each library keeps them.</summary>
internal sealed class Writers : IDisposable
{
    private const string MeterName = "Exposition.Load";

    private readonly FamilySet _set = new();
    private readonly FamilySet _collected = new();
    private readonly ArrayBufferWriter<byte> _output = new(1 << 20);
    private readonly FamilyOutput _text = new(ScrapeFormat.Text, EscapingScheme.Underscores);
    private readonly MemoryStream _stream = new();
    private readonly Meter _meter = new(MeterName);
    private readonly MeterSource _source;
    private readonly MeterProvider _provider;
    private readonly RequestDelegate _openTelemetry;
    private readonly ServiceProvider _services = new ServiceCollection().AddOptions().BuildServiceProvider();
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();

    /// <summary>Gives all of them the same series.</summary>
    /// <param name="body">Gauges alone.</param>
    public Writers(byte[] body)
    {
        if (!TextFormat.TryRead(body, new TextReadOptions(NameScheme.Legacy, Lenient: true), _set, out FormatError error))
        {
            throw new FormatException(error.ToString());
        }

        _source = new MeterSource(MeterName);
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(MeterName)
            .AddPrometheusExporter(static options => options.ScrapeResponseCacheDurationMilliseconds = 0).Build();
        _openTelemetry = new ApplicationBuilder(_services)
            .UseOpenTelemetryPrometheusScrapingEndpoint(_provider, null, "/metrics", null, null).Build();
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(_registry);
        foreach (IGrouping<string, MetricSample> family in ExpositionText.Parse(body).GroupBy(static sample => sample.Family))
        {
            string[] names = [.. family.First().Labels.Select(static label => label.Name)];
            Gauge gauge = factory.CreateGauge(family.Key, family.Key, names);
            foreach (MetricSample sample in family)
            {
                gauge.WithLabels([.. sample.Labels.Select(static label => label.Value)]).Set(sample.Value);
            }

            Measurement<double>[] measured = [.. family.Select(static sample => new Measurement<double>(
                sample.Value, sample.Labels.Select(static label => KeyValuePair.Create(label.Name, (object?)label.Value))))];
            _meter.CreateObservableGauge(family.Key, () => measured, description: family.Key);
        }
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Peer> All =>
    [
        new Peer("ours, rows", "nothing; from rows that are there", () => Write(_set)),
        new Peer("ours, meters", "names and limits of instruments; asks them", () =>
        {
            _collected.Reset();
            _source.Collect(_collected);
            return Write(_collected);
        }),
        new Peer("prometheus-net", "nothing; asks its registry", Export),
        new Peer("OpenTelemetry", "names and limits of instruments; asks them", ExportByOpenTelemetry),
    ];

    public void Dispose()
    {
        _source.Dispose();
        _provider.Dispose();
        _meter.Dispose();
        _services.Dispose();
        _stream.Dispose();
    }

    private long Write(FamilySet set)
    {
        _output.ResetWrittenCount();
        for (int family = 0; family < set.Families.Length; family++)
        {
            _text.Write(set, family, isLast: true, _output);
        }

        return Lines(_output.WrittenSpan);
    }

    private long Export()
    {
        _stream.SetLength(0);
        _registry.CollectAndExportAsTextAsync(_stream, CancellationToken.None).GetAwaiter().GetResult();
        return Lines(_stream.GetBuffer().AsSpan(0, (int)_stream.Length));
    }

    private long ExportByOpenTelemetry()
    {
        _stream.SetLength(0);
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Path = "/metrics";
        context.Request.Headers.Accept = "text/plain; version=0.0.4";
        context.Response.Body = _stream;
        _openTelemetry(context).GetAwaiter().GetResult();

        // It adds one about the process.
        ReadOnlySpan<byte> text = _stream.GetBuffer().AsSpan(0, (int)_stream.Length);
        return context.Response.StatusCode == 200
            ? Lines(text) - text.Count("target_info{"u8)
            : throw new InvalidOperationException($"OpenTelemetry answers {context.Response.StatusCode}: {Encoding.UTF8.GetString(_stream.ToArray())}");
    }

    // Some microseconds of each: lines that begin with no number sign.
    private static long Lines(ReadOnlySpan<byte> text) => text.Count((byte)'\n') - text.Count("\n#"u8) - (text.StartsWith("#"u8) ? 1 : 0);
}
