using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Page;

namespace Exposition.Kestrel.Tests;

public class GoTextTests
{
    // The table of observed forms.
    [Theory]
    [InlineData(0.0, "0", "0")]
    [InlineData(-0.0, "-0", "-0")]
    [InlineData(-1.0, "-1", "-1")]
    [InlineData(1.5, "1.5", "1.5")]
    [InlineData(1000.0, "1000", "1000")]
    [InlineData(123456.0, "123456", "123456")]
    [InlineData(606176.0, "606176", "606176")]
    [InlineData(1e6, "1e+06", "1000000")]
    [InlineData(1234567.0, "1.234567e+06", "1234567")]
    [InlineData(123456789.0, "1.23456789e+08", "123456789")]
    [InlineData(1e21, "1e+21", "1000000000000000000000")]
    [InlineData(0.0001, "0.0001", "0.0001")]
    [InlineData(0.00001, "1e-05", "0.00001")]
    [InlineData(18446744073709551616.0, "1.8446744073709552e+19", "18446744073709552000")]
    [InlineData(1700000000.123, "1.700000000123e+09", "1700000000.123")]
    [InlineData(0.1 + 0.2, "0.30000000000000004", "0.30000000000000004")]
    [InlineData(double.NaN, "NaN", "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf", "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf", "-Inf")]
    [InlineData(5e-324, "5e-324", null)]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308", null)]
    public void Numbers_look_as_in_go(double value, string api, string? page)
    {
        Assert.Equal(api, ExpositionNumber.ToString(value));
        if (page is not null)
        {
            Assert.Equal(page, PlainNumber.Of(value));
        }
    }

    [FsCheck.Xunit.Property]
    public bool Numbers_read_back(double value) =>
        double.IsNaN(value) || double.IsInfinity(value)
        || (double.Parse(ExpositionNumber.ToString(value), System.Globalization.CultureInfo.InvariantCulture).Equals(value)
            && double.Parse(PlainNumber.Of(value), System.Globalization.CultureInfo.InvariantCulture).Equals(value));

    [Theory]
    [InlineData(1795354741758453811, "2026-11-22T13:39:01.758453811Z")]
    [InlineData(1795354741000000000, "2026-11-22T13:39:01Z")]
    [InlineData(1795354741500000000, "2026-11-22T13:39:01.5Z")]
    [InlineData(-1, "1969-12-31T23:59:59.999999999Z")]
    public void Times_look_as_in_go(long nanoseconds, string expected) =>
        Assert.Equal(expected, GoTime.Nano(nanoseconds, TimeZoneInfo.Utc));

    [Fact]
    public void Times_keep_the_zone() => Assert.Equal("1970-01-01T05:30:00.5+05:30",
        GoTime.Nano(500_000_000, TimeZoneInfo.CreateCustomTimeZone("x", new TimeSpan(5, 30, 0), "x", "x")));

    [Theory]
    [InlineData(false, "metrics/job/x/instance@base64/=")]
    [InlineData(true, "metrics/job/x/instance@base64/=")]
    public void A_group_is_deleted_under_its_encoded_labels(bool unescapes, string expected) =>
        Assert.Equal(expected, PushPathText.Of(GroupingKey.Create(("instance", ""), ("job", "x")), unescapes, isReadable: false));

    [Theory]
    [InlineData("x", "metrics/job/x")]
    [InlineData("..", "metrics/job@base64/Li4=")]
    [InlineData("a/b", "metrics/job@base64/YS9i=")]
    [InlineData("a b'%?#", "metrics/job/a%20b%27%25%3F%23")]
    public void For_a_shell_only_what_must_be_is_encoded(string job, string expected) =>
        Assert.Equal(expected, PushPathText.Of(GroupingKey.Create(("job", job)), unescapesNames: false, isReadable: true));

    [Theory]
    [InlineData("a.b/c", "U__a_2e_b_2f_c")]
    [InlineData("U__x", "U__U____x")]
    [InlineData("grün_1", "U__gr_fc_n__1")]
    [InlineData("1a", "U___31_a")]
    [InlineData("plain_1", "plain_1")]
    public void Names_of_any_kind_can_be_said_in_a_path(string name, string expected) =>
        Assert.Equal($"metrics/job/x/{expected}/y",
            PushPathText.Of(GroupingKey.Create(("job", "x"), (name, "y")), unescapesNames: true, isReadable: false));
}
