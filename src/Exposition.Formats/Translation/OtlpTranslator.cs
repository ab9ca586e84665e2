using System.Buffers;
using Exposition.Formats.Go;
using Exposition.Formats.Meters;
using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>How requests are translated.</summary>
/// <param name="Names">How names are made.</param>
/// <param name="MostAttributes">How many attributes a point, its scope included, may have.</param>
/// <param name="WithScopes">Whether name, version, schema and attributes of scopes become labels.</param>
internal sealed record OtlpTranslation(OtlpNames Names, int MostAttributes, bool WithScopes);

/// <summary>
/// Turns the metrics of one resource into the families of a push, by the rules of OpenTelemetry for Prometheus. What has no place in it is
/// rejected, point by point.
/// </summary>
/// <param name="translation">How.</param>
/// <param name="body">The request; it was checked (<see cref="OtlpCheck"/>).</param>
/// <param name="grouping">Names of the group's labels.</param>
/// <param name="rejected">What is rejected.</param>
internal sealed class OtlpTranslator(
    OtlpTranslation translation, ReadOnlyMemory<byte> body, IReadOnlySet<string> grouping, Rejections rejected)
{
    private const string Scope = "otel_scope_";
    private const string MetricName = "__name__";
    private const string Total = "_total";

    private readonly Dictionary<string, FamilyPlan> _byName = new(StringComparer.Ordinal);
    private readonly List<FamilyPlan> _families = [];
    private readonly Dictionary<string, string> _labelNames = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, string>> _scope = [];
    private readonly OtlpPoint _point = new();
    private AttributeLabels? _labels;

    /// <summary>What becomes of the points of each family that was written last.</summary>
    public List<PointsMode> Modes { get; } = [];

    /// <summary>Of when each metric is that was written last, in nanoseconds since 1970; 0 where it does not say.</summary>
    public List<long> Times { get; } = [];

    /// <summary>The most stretches that a series has.</summary>
    public int Stretches =>
        _families.SelectMany(static family => family.Series).Select(static series => series.Stretches).DefaultIfEmpty(1).Max();

    /// <summary>The most attributes that a point had.</summary>
    public int SeenAttributes { get; private set; }

    /// <summary>Points that had too many.</summary>
    public long TooManyAttributes { get; private set; }

    /// <summary>Points that are in what was written last.</summary>
    public long Points { get; private set; }

    private ReadOnlySpan<byte> Body => body.Span;

    private AttributeLabels Labels => _labels ??= new AttributeLabels(LabelOf, grouping);

    /// <summary>Takes the metrics of one part of the request that the resource has.</summary>
    public void Take(TextRef resourceMetrics)
    {
        foreach (TextRef scopeMetrics in OtlpFields.All(Body, resourceMetrics, 2))
        {
            TakeScope(scopeMetrics);
            foreach (TextRef metric in OtlpFields.All(Body, scopeMetrics, 2))
            {
                Take(OtlpMetric.Read(Body, metric));
            }
        }
    }

    /// <summary>Writes the families in delimited protobuf; nothing if there are none.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="age">Which stretch of each series: 0 for the one that began last.</param>
    public void Write(IBufferWriter<byte> output, int age = 0)
    {
        Modes.Clear();
        Times.Clear();
        Points = 0;
        var writer = new ExpositionWriter(output, new ExpositionWriterOptions(ScrapeFormat.ProtobufDelimited, EscapingScheme.AllowUtf8));
        var points = new PointWriter(writer, translation.Names);
        foreach (FamilyPlan family in _families)
        {
            if (age == 0 || family.Series.Exists(series => series.At(age) is not null))
            {
                Write(writer, points, family, age);
            }
        }

        writer.Complete();
    }

    private void TakeScope(TextRef scopeMetrics)
    {
        _scope.Clear();
        if (!translation.WithScopes)
        {
            return;
        }

        foreach (TextRef scope in OtlpFields.All(Body, scopeMetrics, 1))
        {
            foreach (TextRef pair in OtlpFields.All(Body, scope, 3))
            {
                string key = OtlpFields.KeyOf(Body, pair, out TextRef value);
                _scope.Add(new(Scope + key, OtlpValue.TextOf(Body, value)));
            }

            // What follows replaces attributes that would be taken for it.
            _scope.Add(new(Scope + "name", OtlpFields.TextOf(Body, scope, 1)));
            _scope.Add(new(Scope + "version", OtlpFields.TextOf(Body, scope, 2)));
        }

        _scope.Add(new(Scope + "schema_url", OtlpFields.TextOf(Body, scopeMetrics, 3)));
    }

    private void Take(in OtlpMetric metric)
    {
        string name = OtlpFields.Text(Body, metric.Name);
        string shown = $"metric {GoQuote.Text(name)}: ";
        FamilyPlan? family = null;
        string? fault = null;
        try
        {
            family = FamilyOf(name, metric, out fault);
        }
        catch (ArgumentException e)
        {
            fault = e.Message;
        }

        int at = 0;
        while (metric.TryNext(Body, ref at, out TextRef place))
        {
            _point.Read(Body, place, metric.Data);
            if (!_point.HasNoValue && (fault ?? TakePoint(family!, place, metric)) is { } reason)
            {
                rejected.Add(shown + reason);
            }
        }
    }

    // Who comes first has the name.
    private FamilyPlan? FamilyOf(string name, in OtlpMetric metric, out string? fault)
    {
        bool isGauge = metric.Data is OtlpData.Gauge;
        bool isCounter = metric is { Data: OtlpData.Sum, IsMonotonic: true };
        bool isValue = isGauge || metric is { Data: OtlpData.Sum, IsMonotonic: false };
        if (metric is { Data: OtlpData.Sum or OtlpData.Histogram or OtlpData.Exponential, Temporality: OtlpTemporality.Unspecified })
        {
            fault = "its temporality is not given, expected delta or cumulative";
            return null;
        }

        if (metric is { Data: OtlpData.Sum, IsMonotonic: false, Temporality: OtlpTemporality.Delta })
        {
            fault = "it is the delta of a sum that may fall, which is no gauge: expected cumulative temporality for it";
            return null;
        }

        string unit = OtlpFields.Text(Body, metric.Unit);
        string made = translation.Names.OfFamily(name, unit, isCounter, isGauge);
        MetricType type = isCounter ? MetricType.Counter
            : isValue ? MetricType.Gauge
            : metric.Data == OtlpData.Summary ? MetricType.Summary : MetricType.Histogram;
        PointsMode mode = isValue ? PointsMode.Last : metric.Temporality == OtlpTemporality.Delta ? PointsMode.Add : PointsMode.Cumulative;
        if (!_byName.TryGetValue(made, out FamilyPlan? family))
        {
            string words = translation.Names.OfUnit(unit);
            string stem = isCounter && made.EndsWith(Total, StringComparison.Ordinal) ? made[..^Total.Length] : made;
            string kept = words.Length > 0 && stem.EndsWith("_" + words, StringComparison.Ordinal) ? words : "";
            family = new FamilyPlan(made, type, mode, metric.Data, OtlpFields.Text(Body, metric.Description), kept);
            _byName.Add(made, family);
            _families.Add(family);
        }

        fault = family.Type != type
            ? $"it is a {type}, and the name {made} is that of a {family.Type} of the same resource"
            : family.Mode != mode || (family.Data != metric.Data && type == MetricType.Histogram)
                ? $"the name {made} is that of another metric of the same resource with another temporality or other buckets"
            : null;
        return family;
    }

    private string? TakePoint(FamilyPlan family, TextRef place, in OtlpMetric metric)
    {
        if (family.Mode == PointsMode.Add && _point.Time == 0)
        {
            return "a delta has no time, by which it could be told from a repetition";
        }

        if (metric.Data is OtlpData.Gauge or OtlpData.Sum && _point.Value is null)
        {
            return "a point has neither asInt nor asDouble";
        }

        if (family.Type == MetricType.Counter && !(_point.Value >= 0))
        {
            return $"a sum that only goes up has the value {ExpositionNumber.ToString(_point.Value!.Value)}";
        }

        int attributes = _point.Attributes.Count + _scope.Count;
        SeenAttributes = Math.Max(SeenAttributes, attributes);
        if (attributes > translation.MostAttributes)
        {
            TooManyAttributes++;
            return $"a point has {attributes} attributes, more than {translation.MostAttributes} "
                + "(the limit otlp-attributes)";
        }

        try
        {
            Labels.Clear();
            foreach (TextRef pair in _point.Attributes)
            {
                string key = OtlpFields.KeyOf(Body, pair, out TextRef value);
                if (key != MetricName)
                {
                    Labels.Add(key, OtlpValue.TextOf(Body, value));
                }
            }

            foreach ((string key, string value) in _scope)
            {
                Labels.Add(key, value);
            }

            string? bound = family.Type switch { MetricType.Histogram => "le", MetricType.Summary => "quantile", _ => null };
            Label[] labels = Labels.Take(bound, out string series);
            return family.Add(_point, place, labels, series);
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    private string LabelOf(string key)
    {
        if (!_labelNames.TryGetValue(key, out string? name))
        {
            name = translation.Names.OfLabel(key);
            _labelNames.Add(key, name);
        }

        return name;
    }

    // The writer knows which names the families before have taken, those of their samples among them.
    private void Write(ExpositionWriter writer, PointWriter points, FamilyPlan family, int age)
    {
        string shown = $"family {GoQuote.Text(family.Name)}: ";
        try
        {
            writer.StartFamily(family.Name, family.Type, family.Help, family.Unit);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            rejected.Add(shown + e.Message, family.Series.Sum(series => series.At(age)?.Points ?? 0));
            return;
        }

        int before = Times.Count;
        foreach (SeriesPlan series in family.Series)
        {
            if (series.At(age) is not { } stretch)
            {
                continue;
            }

            try
            {
                points.Write(Body, family, series.Labels, stretch);
                Points += stretch.Points;
                Times.Add((long)Math.Min(stretch.Time, long.MaxValue));
            }
            catch (ArgumentException e)
            {
                rejected.Add(shown + e.Message, stretch.Points);
            }
        }

        if (Times.Count > before)
        {
            Modes.Add(family.Mode);
        }
    }
}
