using System.Diagnostics.Metrics;
using Exposition.Formats;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>Whatever is measured, what is pushed is valid: our strict readers take it, and the gateway stores it.</summary>
public sealed class AnythingTests
{
    // Few, so that names, units, keys and values collide often; and what names, paths and formats stumble over.
    private static readonly string[] s_names =
    [
        "a", "a.b", "a_b", "a_total", "a.total", "a.count", "a_sum", "a.bucket", "a_seconds", "a/b-c", "a.created", "a_b_total", "A",
        "target.info", "x__y", "a_ratio", "job", "b" + "0123456789_".PadRight(200, 'z'),
    ];

    private static readonly string?[] s_units =
    [
        null, "", "s", "By", "1", "%", "{x}", "{x}/s", "m/s", "s\n", "\uD800", "é", "/", "a b", "total",
    ];

    private static readonly string[] s_keys =
    [
        "", "a", "a.b", "a_b", "a-b", "__name__", "le", "quantile", "job", "instance", "exported_job", "é", "\uDC00", "9", "a:b", "a\"b",
        "a\nb",
        "otel_scope_name", "U__a", "trace_id", " ",
    ];

    private static readonly object?[] s_values =
    [
        null, "", "x", "y", 1, 1.5, true, "a\"b\\c\nd", "\uD800", "日本語😀", "{}", new[] { "p", "q" }, double.NaN,
        new string('z', 300), "\0",
    ];

    private static readonly double[] s_numbers =
    [
        0, 1, -1, 0.5, 3, 1e300, -1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon,
        -0.0, 1e-200, 12345.678,
    ];

    private static readonly Gen<Measurement> s_measurement =
        from kind in Gen.Choose(0, 7)
        from name in Gen.Elements(s_names)
        from unit in Gen.Elements(s_units)
        from description in Gen.Elements(null, "", "Text.", "two\nlines \\ \"q\"", "\uD800")
        from other in Gen.Elements(false, false, true)
        from numbers in Gen.NonEmptyListOf(Gen.Elements(s_numbers))
        from tags in Gen.ListOf(Gen.Zip(Gen.Elements(s_keys), Gen.Elements(s_values)))
        select new Measurement(
            kind, name, unit, description, other, [.. numbers.Take(5)],
            [.. tags.Take(6).Select(static tag => new KeyValuePair<string, object?>(tag.Item1, tag.Item2))]);

    private static readonly Gen<Setting> s_setting =
        from format in Gen.Elements(Enum.GetValues<PushgatewayFormat>())
        from escaping in Gen.Elements(Enum.GetValues<EscapingScheme>())
        from scopes in Gen.Elements(true, false)
        from instance in Gen.Elements(true, false)
        select new Setting(format, escaping, scopes, instance);

    [Property(MaxTest = 150)]
    public Property What_is_measured_can_be_read_and_is_stored() => Prop.ForAll(
        Gen.NonEmptyListOf(s_measurement).ToArbitrary(),
        s_setting.ToArbitrary(),
        static (measurements, setting) =>
        {
            Task.Run(() => PushAsync([.. measurements.Take(40)], setting)).GetAwaiter().GetResult();
        });

    private static async Task PushAsync(Measurement[] measurements, Setting setting)
    {
        await using Bench bench = await Bench.StartAsync(
            setting.Escaping == EscapingScheme.AllowUtf8 ? NameScheme.Utf8 : NameScheme.Legacy);
        using var other = new Meter(bench.Meter.Name + ".Other");
        using MeterProvider provider = bench.Build(
            o =>
            {
                (o.Format, o.Escaping, o.WriteScopeLabels) = (setting.Format, setting.Escaping, setting.Scopes);
                if (setting.HasInstance)
                {
                    o.Grouping["instance"] = "i";
                }
            },
            builder => builder.AddMeter(other.Name).SetExemplarFilter(ExemplarFilterType.AlwaysOn)
                .AddView(static instrument => instrument.Description == "Text." && instrument is Histogram<double>
                    ? new Base2ExponentialBucketHistogramConfiguration()
                    : null)
                .AddView("a_b", new MetricStreamConfiguration { TagKeys = ["a"] }));
        foreach (Measurement measurement in measurements)
        {
            measurement.Take(measurement.IsOfOther ? other : bench.Meter);
        }

        Assert.True(provider.ForceFlush(), string.Join('\n', bench.Log.Lines));
        Assert.Equal(200, bench.Gateway.Pushes[^1].Status);
        var read = bench.Samples;
        Assert.Equal(read.Count, read.Select(static sample => sample.ToString()[..^ValueOf(sample).Length]).Distinct().Count());
    }

    private static string ValueOf(MetricSample sample) => sample.ToString().Split(' ')[^1];

    /// <summary>How it is pushed.</summary>
    public sealed record Setting(PushgatewayFormat Format, EscapingScheme Escaping, bool Scopes, bool HasInstance);

    /// <summary>An instrument and what it measures.</summary>
    public sealed record Measurement(
        int Kind, string Name, string? Unit, string? Description, bool IsOfOther, double[] Numbers, KeyValuePair<string, object?>[] Tags)
    {
        internal void Take(Meter meter)
        {
            switch (Kind)
            {
                case 0:
                    Counter<double> counter = meter.CreateCounter<double>(Name, Unit, Description);
                    Array.ForEach(Numbers, number => counter.Add(number, Tags));
                    break;
                case 1:
                    Counter<long> whole = meter.CreateCounter<long>(Name, Unit, Description);
                    Array.ForEach(Numbers, number => whole.Add((long)number, Tags));
                    break;
                case 2:
                    UpDownCounter<double> updown = meter.CreateUpDownCounter<double>(Name, Unit, Description);
                    Array.ForEach(Numbers, number => updown.Add(number, Tags));
                    break;
                case 3:
                    Gauge<double> gauge = meter.CreateGauge<double>(Name, Unit, Description);
                    Array.ForEach(Numbers, number => gauge.Record(number, Tags));
                    break;
                case 4:
                    meter.CreateObservableGauge(Name, () => new Measurement<double>(Numbers[0], Tags), Unit, Description);
                    break;
                case 5:
                    meter.CreateObservableCounter(Name, () => new Measurement<double>(Numbers[0], Tags), Unit, Description);
                    break;
                default:
                    Histogram<double> histogram = meter.CreateHistogram<double>(Name, Unit, Description);
                    Array.ForEach(Numbers, number => histogram.Record(number, Tags));
                    break;
            }
        }
    }
}
