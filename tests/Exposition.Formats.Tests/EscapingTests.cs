using System.Text;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

public sealed class EscapingTests
{
    [Theory]
    [InlineData("no:escaping_required", "no:escaping_required", "no:escaping_required", "no:escaping_required")]
    [InlineData("mysystem.prod.west.cpu.load", "mysystem_prod_west_cpu_load", "mysystem_dot_prod_dot_west_dot_cpu_dot_load",
        "U__mysystem_2e_prod_2e_west_2e_cpu_2e_load")]
    [InlineData("http.status:sum_total", "http_status:sum_total", "http_dot_status:sum__total", "U__http_2e_status:sum__total")]
    [InlineData("name with space", "name_with_space", "name__with__space", "U__name_20_with_20_space")]
    [InlineData("föö bar", "f___bar", "f______bar", "U__f_f6__f6__20_bar")]
    [InlineData("1digit", "_digit", "__digit", "U___31_digit")]
    [InlineData("😊", "_", "__", "U___1f60a_")]
    [InlineData("a\ud7ffb", "a_b", "a__b", "U__a_d7ff_b")]
    [InlineData("", "", "", "")]
    public void Escapes_as_the_reference(string name, string underscores, string dots, string values)
    {
        Assert.Equal(underscores, Escape(Encoding.UTF8.GetBytes(name), EscapingScheme.Underscores));
        Assert.Equal(dots, Escape(Encoding.UTF8.GetBytes(name), EscapingScheme.Dots));
        Assert.Equal(values, Escape(Encoding.UTF8.GetBytes(name), EscapingScheme.Values));
        Assert.Equal(name, Escape(Encoding.UTF8.GetBytes(name), EscapingScheme.AllowUtf8));
    }

    [Fact]
    public void Every_byte_that_is_not_utf8_counts_as_a_character()
    {
        // A cut three-byte sequence: two bytes, two characters.
        byte[] name = [(byte)'a', 0xE2, 0x82, (byte)'z'];
        Assert.Equal("a__z", Escape(name, EscapingScheme.Underscores));
        Assert.Equal("U__a_fffd__fffd_z", Escape(name, EscapingScheme.Values));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("plain", "plain")]
    [InlineData("U__no:unescapingrequired", "no:unescapingrequired")]
    [InlineData("U__capitals_2E_ok", "capitals.ok")]
    [InlineData("U__underscores__doubled__", "underscores_doubled_")]
    [InlineData("U__my_2e_zone", "my.zone")]
    [InlineData("U__z_f6_ne", "zöne")]
    [InlineData("U___1f60a_", "😊")]
    [InlineData("U__a__b", "a_b")]
    [InlineData("U__", "")]
    [InlineData("U__job", "job")]
    [InlineData("U______foo", "__foo")]
    [InlineData("U___10ffff_", "\U0010ffff")]

    // Malformed: left as they are.
    [InlineData("U__underscores_doubled_", "U__underscores_doubled_")]
    [InlineData("U__underscores__doubled_", "U__underscores__doubled_")]
    [InlineData("U__my__hack_2e_attempt_872348732fabdabbab_", "U__my__hack_2e_attempt_872348732fabdabbab_")]
    [InlineData("U__my__hack_2e", "U__my__hack_2e")]
    [InlineData("U__bad__utf_2eg_", "U__bad__utf_2eg_")]
    [InlineData("U__surrogate_d900_", "U__surrogate_d900_")]
    [InlineData("U__too_110000_big", "U__too_110000_big")]
    [InlineData("U___5f__x", "U___5f__x")]
    [InlineData("U__a_", "U__a_")]
    [InlineData("U_a", "U_a")]
    public void Unescapes_as_the_reference(string name, string expected) => Assert.Equal(expected, Unescape(Encoding.UTF8.GetBytes(name)));

    [Property(MaxTest = 2000)]
    public void Values_can_be_read_back(string? text)
    {
        byte[] name = Encoding.UTF8.GetBytes(text ?? "");
        string escaped = Escape(name, EscapingScheme.Values);
        Assert.Equal(Encoding.UTF8.GetString(name), Unescape(Encoding.UTF8.GetBytes(escaped)) is var read
            && escaped.StartsWith("U__", StringComparison.Ordinal) ? read : escaped);
    }

    [Property(MaxTest = 2000)]
    public void Escaped_names_are_legacy_names(byte[] name, byte scheme)
    {
        byte[] into = new byte[NameRules.MaxEscapedLength(name.Length)];
        int length = NameRules.Escape(name, (EscapingScheme)(scheme % 3), into);
        Assert.Equal(name.Length > 0, NameRules.IsValidMetricName(into.AsSpan(0, length), NameScheme.Legacy));
    }

    [Property(MaxTest = 2000)]
    public void Unescaping_never_throws_nor_grows(byte[] tail)
    {
        byte[] name = [.. "U__"u8, .. tail.Select(b => "_0123456789abcdefABCDEFGz"u8[b % 24])];
        byte[] into = new byte[name.Length];
        Assert.InRange(NameRules.UnescapeValues(name, into), 0, name.Length);
    }

    [Theory]
    [InlineData("a", true, true)]
    [InlineData("_a9:Z", true, false)]
    [InlineData(":", true, false)]
    [InlineData("9a", false, false)]
    [InlineData("a.b", false, false)]
    [InlineData("é", false, false)]
    [InlineData("", false, false)]
    [InlineData("a\n", false, false)]
    public void Legacy_names(string name, bool metric, bool label)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        Assert.Equal(metric, NameRules.IsValidMetricName(bytes, NameScheme.Legacy));
        Assert.Equal(label, NameRules.IsValidLabelName(bytes, NameScheme.Legacy));
        Assert.Equal(name.Length > 0, NameRules.IsValidMetricName(bytes, NameScheme.Utf8));
        Assert.Equal(name.Length > 0, NameRules.IsValidLabelName(bytes, NameScheme.Utf8));
        Assert.False(NameRules.IsValidMetricName([.. bytes, 0xFF], NameScheme.Utf8));
    }

    private static string Escape(byte[] name, EscapingScheme scheme)
    {
        byte[] into = new byte[NameRules.MaxEscapedLength(name.Length)];
        return Encoding.UTF8.GetString(into, 0, NameRules.Escape(name, scheme, into));
    }

    private static string Unescape(byte[] name)
    {
        byte[] into = new byte[name.Length];
        return Encoding.UTF8.GetString(into, 0, NameRules.UnescapeValues(name, into));
    }
}
