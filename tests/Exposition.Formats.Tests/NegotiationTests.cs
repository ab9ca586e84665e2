using System.Text;
using System.Text.Json;

namespace Exposition.Formats.Tests;

public sealed class NegotiationTests
{
    // Recorded from the reference: header and Content-Type without and with OpenMetrics, all quoted.
    public static TheoryData<string, string, string> Recorded()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string line in ProtobufSupport.VectorLines("oracle_negotiate_v0.69.tsv"))
        {
            string[] columns = line.Split('\t');
            data.Add(Unquote(columns[0]), Unquote(columns[1]), Unquote(columns[2]));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Chooses_as_the_reference(string accept, string contentType, string withOpenMetrics)
    {
        Assert.Equal(contentType, Choose(accept));
        Assert.Equal(withOpenMetrics, Choose(accept, openMetrics: true));
    }

    [Theory]
    [InlineData("application/openmetrics-text", true)]
    [InlineData(" Application/OpenMetrics-Text ; version=0.0.1", true)]
    [InlineData("application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8", true)]
    [InlineData("application/openmetrics-text; broken", true)]
    [InlineData("application/openmetrics-textual", false)]
    [InlineData("text/plain; application/openmetrics-text", false)]
    [InlineData("", false)]
    public void Recognises_openmetrics(string header, bool expected) =>
        Assert.Equal(expected, PushContentType.IsOpenMetrics(Encoding.ASCII.GetBytes(header)));

    [Theory]

    // A wildcard with the best quality is passed over, but its escaping stays.
    [InlineData("*/*;escaping=allow-utf-8", "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8")]

    // The scheme of an entry behind the chosen one is never seen.
    [InlineData("text/plain;q=0.9,text/plain;escaping=dots;q=0.1", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("application/json;escaping=values;q=0.9,text/plain;q=0.1", "text/plain; version=0.0.4; charset=utf-8; escaping=values")]

    // Equal qualities keep their order.
    [InlineData("text/plain;q=0.3, application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text;q=0.3",
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]

    // A quality is parsed untrimmed, and a bad one is zero.
    [InlineData("text/plain;escaping=dots;q= 1,text/plain;escaping=values;q=0.1",
        "text/plain; version=0.0.4; charset=utf-8; escaping=values")]
    [InlineData("text/plain;escaping=dots;q=0.1,text/plain;escaping=values;q=2",
        "text/plain; version=0.0.4; charset=utf-8; escaping=values")]

    // "q=" is no quality at all.
    [InlineData("text/plain;escaping=dots;q=,text/plain;escaping=values;q=0.9", "text/plain; version=0.0.4; charset=utf-8; escaping=dots")]
    [InlineData(" text / plain ; escaping = dots ", "text/plain; version=0.0.4; charset=utf-8; escaping=dots")]
    [InlineData("text/plain\t;escaping=dots", "text/plain; version=0.0.4; charset=utf-8; escaping=dots")]
    [InlineData("a/b/c;escaping=dots,text;escaping=dots,/;escaping=dots,,;,=",
        "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")]
    [InlineData("*;escaping=dots", "text/plain; version=0.0.4; charset=utf-8; escaping=dots")]
    [InlineData("text/plain;escaping=dots;escaping=values", "text/plain; version=0.0.4; charset=utf-8; escaping=values")]
    public void Keeps_the_oddities(string accept, string contentType) => Assert.Equal(contentType, Choose(accept));

    // The order is not a strict one, so the algorithm shows: an exact type does not come before a better wildcard unless they meet.
    [Fact]
    public void Sorts_by_insertion()
    {
        Assert.Equal(
            EscapingScheme.Dots, FormatNegotiator.Choose("a/b;q=0.1;escaping=values,*/*;q=0.9,text/plain;q=0.5;escaping=dots"u8).Escaping);
        Assert.Equal(EscapingScheme.Values, FormatNegotiator.Choose("*/*;q=0.9;escaping=dots,text/plain;q=0.1;escaping=values"u8).Escaping);
    }

    [Fact]
    public void Looks_at_a_bounded_number_of_entries()
    {
        string many = string.Join(',', Enumerable.Repeat("x/y;q=0.5", 5000)) + ",text/plain;escaping=dots";
        Assert.Equal(
            new ScrapeNegotiation(ScrapeFormat.Text, EscapingScheme.Underscores), FormatNegotiator.Choose(Encoding.ASCII.GetBytes(many)));
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("", false)]
    [InlineData("identity", false)]
    [InlineData("*", false)]
    [InlineData("gzip, identity", false)]
    [InlineData("identity;q=0.5, gzip", true)]
    [InlineData("gzip;q=0.5", true)]
    [InlineData("gzip;q=0.5, identity;q=0.6", false)]
    [InlineData("gzip;q=0", false)]
    [InlineData("identity;q=0,gzip;q=0", false)]
    [InlineData("*;q=0.3, gzip;q=0.4", true)]
    [InlineData("gzip, deflate, br", true)]
    [InlineData("deflate, gzip;q=1.0, *;q=0.5", true)]
    [InlineData("gzip ; q=0.9", true)]
    [InlineData("gzip; x=1", false)]
    [InlineData("gzip; q=.5", false)]
    [InlineData("gzip;q=2", false)]
    [InlineData("deflate;q=x, gzip", false)]
    [InlineData("gzip;q=1garbage, identity", true)]
    [InlineData("GZIP", false)]
    [InlineData("x-gzip", false)]
    [InlineData("br;q=1.0, gzip;q=0.8, *;q=0.1", true)]
    [InlineData("gzip;q=0.000000000000000000000000001", false)]
    public void Compresses_only_if_gzip_is_wanted_more_than_nothing(string header, bool expected) =>
        Assert.Equal(expected, FormatNegotiator.AcceptsGzip(Encoding.ASCII.GetBytes(header)));

    [Theory]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", true)]
    [InlineData("application/vnd.google.protobuf;encoding=delimited;proto=io.prometheus.client.MetricFamily", true)]
    [InlineData("  Application/VND.google.Protobuf ; PROTO = io.prometheus.client.MetricFamily ;Encoding=delimited ; charset=utf-8 ; ",
        true)]
    [InlineData("application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=\"delimited\"", true)]
    [InlineData("application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=\"de\\limited\"", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; x=\"a\\\"b;c\"", true)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; encoding=delimited", true)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; encoding=text", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=DELIMITED", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; x", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; x=\"open", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited, text/plain", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=\"delimited\"x", false)]
    [InlineData("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=\"\"", false)]
    [InlineData("application/x-protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", false)]
    [InlineData("application/vnd.google.protobuf", false)]
    [InlineData("text/plain", false)]
    [InlineData("", false)]
    [InlineData(";", false)]
    public void Recognises_delimited_protobuf(string header, bool expected) =>
        Assert.Equal(expected, PushContentType.IsDelimitedProtobuf(Encoding.ASCII.GetBytes(header)));

    [Fact]
    public void Allocates_nothing()
    {
        byte[] accept =
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"u8.ToArray();
        byte[] push = "application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=delimited"u8.ToArray();
        int total = 0;
        Allocation.AssertNone(() =>
        {
            ScrapeNegotiation chosen = FormatNegotiator.Choose(accept, openMetrics: (total & 1) == 0);
            total += FormatNegotiator.ContentType(chosen.Format, chosen.Escaping).Length;
            total += FormatNegotiator.AcceptsGzip("gzip, deflate"u8) ? 1 : 0;
            total += PushContentType.IsDelimitedProtobuf(push) ? 1 : 0;
            total += PushContentType.IsOpenMetrics(push) ? 1 : 0;
        });
        Assert.True(total > 0);
    }

    private static string Unquote(string column) => JsonSerializer.Deserialize<string>(column)!;

    private static string Choose(string accept, bool openMetrics = false)
    {
        ScrapeNegotiation chosen = FormatNegotiator.Choose(Encoding.UTF8.GetBytes(accept), openMetrics);
        return Encoding.ASCII.GetString(FormatNegotiator.ContentType(chosen.Format, chosen.Escaping));
    }
}
