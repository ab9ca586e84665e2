using System.Text;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Api;

namespace Exposition.Kestrel.Tests;

public class MetricsJsonTests
{
    [Fact]
    public void Scalars()
    {
        FamilySet set = One(MetricType.Gauge, static row => row.Value = double.NegativeZero, ("instance", "i"), ("a", "x"));
        Assert.Equal(
            """{"g":{"help":"h\u003c\u0026","metrics":[{"labels":{"a":"x","instance":"i"},"value":"-0"}],"time_stamp":"1970-01-01T00:00:01Z","type":"GAUGE"}}""",
            Family(set, MetricType.Gauge, "h<&"));
    }

    [Fact]
    public void Gauge_histograms_are_shown_as_zero_as_in_the_reference()
    {
        FamilySet set = One(MetricType.GaugeHistogram, static row => row.Count = 7);
        Assert.Equal("""{"g":{"metrics":[{"labels":{},"value":"0"}],"time_stamp":"1970-01-01T00:00:01Z","type":"GAUGE_HISTOGRAM"}}""",
            Family(set, MetricType.GaugeHistogram));
    }

    [Fact]
    public void Summaries_with_quantiles_in_order_of_their_text_and_the_last_of_equal_ones()
    {
        FamilySet set = One(MetricType.Summary, static row => (row.Count, row.Value) = (12345678, 5));
        set.AddPoint(0, 0.99, double.PositiveInfinity, 0);
        set.AddPoint(0, 0.5, 1, 0);
        set.AddPoint(0, 0.5, 2, 0);
        Assert.Equal(
            """{"g":{"metrics":[{"count":"12345678","labels":{},"quantiles":{"0.5":"2","0.99":"+Inf"},"sum":"5"}],"time_stamp":"1970-01-01T00:00:01Z","type":"SUMMARY"}}""",
            Family(set, MetricType.Summary));
    }

    // The reference's own test: {"250000":"3","500000":"17"}, count "20", sum "99.23", for integer and float counts alike.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Classic_histograms(bool floats)
    {
        FamilySet set = One(
            MetricType.Histogram, row => (row.Count, row.CountFloat, row.Value) = (floats ? 0UL : 20UL, floats ? 20 : 0, 99.23));
        set.AddPoint(0, 250000, floats ? 3 : 0, floats ? 0UL : 3UL);
        set.AddPoint(0, 500000, floats ? 17 : 0, floats ? 0UL : 17UL);
        Assert.Equal(
            """{"g":{"metrics":[{"buckets":{"250000":"3","500000":"17"},"count":"20","labels":{},"sum":"99.23"}],"time_stamp":"1970-01-01T00:00:01Z","type":"HISTOGRAM"}}""",
            Family(set, MetricType.Histogram));
    }

    [Theory]
    [InlineData("""{"labels":{"instance":"i\u0026","job":"j"},"last_push_successful":true}""")]
    [InlineData("""{"a":0,"labels":{"instance":"i\u0026","job":"j"},"last_push_successful":true,"push_time_seconds":0}""", "a",
        "push_time_seconds")]
    [InlineData("""{"labels":0,"last_push_successful":true,"z":0}""", "labels", "z")]
    [InlineData("""{"labels":{"instance":"i\u0026","job":"j"},"last_push_successful":0}""", "last_push_successful")]
    [InlineData("""{"labels":{"instance":"i\u0026","job":"j"},"lasso":0,"last_push_successful":true}""", "lasso")]
    public void Fixed_keys_stand_in_order_and_give_way_to_families(string expected, params string[] families)
    {
        using var buffer = new MemoryStream();
        using (var writer = Writer(buffer))
        {
            var json = new MetricsJson(writer, TimeZoneInfo.Utc);
            GroupingKey key = GroupingKey.Create(("job", "j"), ("instance", "i&"));
            json.BeginGroup();
            byte[] before = [];
            foreach (string family in families)
            {
                byte[] name = Encoding.UTF8.GetBytes(family);
                json.FixedKeys(key, true, before, name);
                writer.WriteNumber(name, 0);
                before = name;
            }

            json.FixedKeys(key, true, before, null);
            json.EndGroup();
        }

        Assert.Equal(expected, Encoding.UTF8.GetString(buffer.ToArray()));
    }

    [Theory]
    [InlineData("plain grün 😀 '/+`\u007f", "plain grün 😀 '/+`\u007f")]
    [InlineData("<b>&\"\\", "\\u003cb\\u003e\\u0026\\\"\\\\")]
    [InlineData("\u0001\b\f\t\n\r\u001f", "\\u0001\\b\\f\\t\\n\\r\\u001f")]
    [InlineData("\u2028\u2029", "\\u2028\\u2029")]
    public void Strings_are_escaped_as_in_go(string text, string expected)
    {
        foreach (bool utf8 in (bool[])[false, true])
        {
            using var buffer = new MemoryStream();
            using (var writer = Writer(buffer))
            {
                if (utf8)
                {
                    writer.WriteStringValue(Encoding.UTF8.GetBytes(text));
                }
                else
                {
                    writer.WriteStringValue(text);
                }
            }

            Assert.Equal('"' + expected + '"', Encoding.UTF8.GetString(buffer.ToArray()));
        }
    }

    private static FamilySet One(MetricType type, Action<Holder> fill, params (string Name, string Value)[] labels)
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("g"u8, type, ""u8));
        foreach ((string name, string value) in labels)
        {
            set.AddLabel(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        }

        var holder = new Holder();
        fill(holder);
        (set.Metrics[metric].Value, set.Metrics[metric].Count, set.Metrics[metric].CountFloat) = (
            holder.Value, holder.Count, holder.CountFloat);
        return set;
    }

    private static string Family(FamilySet set, MetricType type, string help = "")
    {
        using var buffer = new MemoryStream();
        using (var writer = Writer(buffer))
        {
            var json = new MetricsJson(writer, TimeZoneInfo.Utc);
            writer.WriteStartObject();
            json.BeginFamily("g"u8, type, Encoding.UTF8.GetBytes(help), 1_000_000_000);
            for (int metric = set.Families[0].FirstMetric; metric >= 0;)
            {
                metric = json.Metric(set, metric, type);
            }

            json.EndFamily();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static Utf8JsonWriter Writer(Stream stream) =>
        new(stream, new JsonWriterOptions { Encoder = GoJsonEncoder.Instance, SkipValidation = true });

    private sealed class Holder
    {
        public double Value { get; set; }

        public ulong Count { get; set; }

        public double CountFloat { get; set; }
    }
}
