using System.Globalization;
using Exposition.Formats;
using Exposition.Kestrel.Api;

namespace Exposition.Kestrel.Page;

/// <summary>Writes histograms and summaries as bars and as tables.</summary>
internal sealed class Distributions(HtmlWriter html)
{
    private const int MostRows = 100;
    private const int MostBars = 60;

    // Of the drawing.
    private const int Width = 700;
    private const int BarHeight = 90;
    private const int Base = 98;
    private const int MostTexts = 12;

    private readonly List<(double Bound, double Value, string Text)> _points = [];

    /// <summary>Writes one.</summary>
    public void Write(FamilySet set, in MetricRow row, MetricType type)
    {
        bool isSummary = type == MetricType.Summary;
        NativeHistogram? native = isSummary ? null : MetricsJson.Native(set, row);
        if (native is not null)
        {
            Native(native);
        }

        Read(set, in row);
        if (isSummary)
        {
            Quantiles();
        }
        else if (_points.Count > 0)
        {
            Buckets(in row);
        }

        if (row.PointCount > _points.Count)
        {
            html.Raw("<p class=\"help\">"u8).Text(Words.Count(row.PointCount - _points.Count)).Raw(" more are not shown.</p>"u8);
        }

        html.Raw("<p class=\"help\">"u8);
        Totals(html, in row);
        html.Raw("</p>"u8);
    }

    /// <summary>Writes how much one has seen.</summary>
    public static void Totals(HtmlWriter html, in MetricRow row) =>
        html.Raw("count "u8).Text(CountOf(in row)).Raw(", sum "u8).Text(PlainNumber.Of(row.Value));

    private static string CountOf(in MetricRow row) =>
        row.CountFloat > 0 ? PlainNumber.Of(row.CountFloat) : row.Count.ToString(CultureInfo.InvariantCulture);

    private void Read(FamilySet set, in MetricRow row)
    {
        _points.Clear();
        for (int point = row.FirstPoint; point >= 0 && _points.Count < MostRows; point = set.Points[point].Next)
        {
            PointRow at = set.Points[point];
            _points.Add(row.Content.HasFlag(MetricContent.Summary) || at.Value > 0
                ? (at.Bound, at.Value, PlainNumber.Of(at.Value))
                : (at.Bound, at.Count, at.Count.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private void Quantiles()
    {
        double most = _points.Select(static point => point.Value).Where(double.IsFinite).DefaultIfEmpty().Max();
        html.Raw("<table><thead><tr><th scope=\"col\">quantile</th><th scope=\"col\">value</th></tr></thead><tbody>"u8);
        foreach ((double quantile, double value, string text) in _points)
        {
            html.Raw("<tr><td>"u8).Text(PlainNumber.Of(quantile)).Raw("</td><td>"u8);
            Bar(value, most);
            html.Text(text).Raw("</td></tr>"u8);
        }

        html.Raw("</tbody></table>"u8);
    }

    private void Buckets(in MetricRow row)
    {
        if (row.PointCount == _points.Count && !double.IsPositiveInfinity(_points[^1].Bound))
        {
            _points.Add((double.PositiveInfinity, row.CountFloat > 0 ? row.CountFloat : row.Count, CountOf(in row)));
        }

        double most = 0;
        for (int i = 0; i < _points.Count; i++)
        {
            most = Math.Max(most, In(i));
        }

        html.Raw("<table><thead><tr><th scope=\"col\">\u2264</th><th scope=\"col\" class=\"n\">count</th>"u8)
            .Raw("<th scope=\"col\">in bucket</th></tr></thead><tbody>"u8);
        for (int i = 0; i < _points.Count; i++)
        {
            html.Raw("<tr><td>"u8).Text(PlainNumber.Of(_points[i].Bound)).Raw("</td><td class=\"n\">"u8).Text(_points[i].Text)
                .Raw("</td><td>"u8);
            Bar(In(i), most);
            html.Text(PlainNumber.Of(In(i))).Raw("</td></tr>"u8);
        }

        html.Raw("</tbody></table>"u8);
    }

    private double In(int point) => _points[point].Value - (point == 0 ? 0 : _points[point - 1].Value);

    // The number stands beside it.
    private void Bar(double value, double most)
    {
        if (most > 0 && value >= 0 && double.IsFinite(value))
        {
            html.Raw("<meter aria-hidden=\"true\" max=\""u8).Text(PlainNumber.Of(most)).Raw("\" value=\""u8).Text(PlainNumber.Of(value))
                .Raw("\"></meter> "u8);
        }
    }

    private void Native(NativeHistogram native)
    {
        (string Range, string From, double Value, string Text)[] buckets =
        [
            .. native.EnumerateBuckets().Take(MostRows).Select(bucket => (
                RangeOf(bucket), Short(bucket.Lower), native.IsFloat ? bucket.CountFloat : bucket.Count,
                native.IsFloat ? PlainNumber.Of(bucket.CountFloat) : bucket.Count.ToString(CultureInfo.InvariantCulture))),
        ];
        if (buckets.Length > 0)
        {
            Draw(buckets);
            html.Raw("<details><summary>buckets as a table</summary><table><thead><tr><th scope=\"col\">from, to</th>"u8)
                .Raw("<th scope=\"col\" class=\"n\">count</th></tr></thead><tbody>"u8);
            foreach ((string range, _, _, string text) in buckets)
            {
                html.Raw("<tr><td>"u8).Text(range).Raw("</td><td class=\"n\">"u8).Text(text).Raw("</td></tr>"u8);
            }

            html.Raw("</tbody></table></details>"u8);
        }

        html.Raw("<p class=\"help\">native histogram, schema "u8).Text(native.Schema.ToString(CultureInfo.InvariantCulture))
            .Raw(", zero bucket ±"u8).Text(PlainNumber.Of(native.ZeroThreshold)).Raw("</p>"u8);
    }

    private void Draw(ReadOnlySpan<(string Range, string From, double Value, string Text)> buckets)
    {
        buckets = buckets[..Math.Min(buckets.Length, MostBars)];
        int fullest = 0;
        for (int i = 1; i < buckets.Length; i++)
        {
            fullest = buckets[i].Value > buckets[fullest].Value ? i : fullest;
        }

        double most = Math.Max(buckets[fullest].Value, double.Epsilon);
        double step = (double)Width / buckets.Length;
        int every = (buckets.Length + MostTexts - 1) / MostTexts;
        html.Raw("<svg class=\"hist\" viewBox=\"0 0 700 120\" role=\"img\" aria-label=\"Native histogram of "u8)
            .Text(Words.Count(buckets.Length, "bucket", "buckets")).Raw(", the fullest "u8).Text(buckets[fullest].Range).Raw(" with "u8)
            .Text(buckets[fullest].Text).Raw("\">"u8);
        for (int i = 0; i < buckets.Length; i++)
        {
            double height = buckets[i].Value / most * BarHeight;
            html.Raw("<rect x=\""u8).Text(Pixels((i * step) + 1)).Raw("\" y=\""u8).Text(Pixels(Base - height)).Raw("\" width=\""u8)
                .Text(Pixels(Math.Max(step - 2, 1))).Raw("\" height=\""u8).Text(Pixels(height)).Raw("\"><title>"u8).Text(buckets[i].Range)
                .Raw(": "u8).Text(buckets[i].Text).Raw("</title></rect>"u8);
            if (i % every == 0)
            {
                html.Raw("<text x=\""u8).Text(Pixels((i * step) + 1)).Raw("\" y=\"116\">"u8).Text(buckets[i].From).Raw("</text>"u8);
            }
        }

        html.Raw("</svg>"u8);
    }

    private static string RangeOf(in NativeBucket bucket)
    {
        (char open, char close) = bucket.Boundaries switch
        {
            0 => ('(', ']'),
            1 => ('[', ')'),
            2 => ('(', ')'),
            _ => ('[', ']'),
        };
        return $"{open}{PlainNumber.Of(bucket.Lower)}, {PlainNumber.Of(bucket.Upper)}{close}";
    }

    private static string Short(double number) => number.ToString("G3", CultureInfo.InvariantCulture);

    private static string Pixels(double length) => length.ToString("0.#", CultureInfo.InvariantCulture);
}
