using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Formats.Tests;

public class TextQuoteTests
{
    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("\"\\'", "\"\\\"\\\\'\"")]
    [InlineData("\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\"")]
    [InlineData("\0\u001f\u007f", "\"\\x00\\x1f\\x7f\"")]
    [InlineData("é→\u00a0\u00ad\u2028", "\"é→\\u00a0\\u00ad\\u2028\"")]
    [InlineData("\ufffd\ufeff\ue000", "\"\ufffd\\ufeff\\ue000\"")]
    [InlineData("\U0001F600\U000E0001\U0010FFFF", "\"\U0001F600\\U000e0001\\U0010ffff\"")]
    public void Text(string text, string quoted) => Assert.Equal(quoted, GoQuote.Text(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Bytes_that_are_no_utf8_are_quoted_one_by_one() =>
        Assert.Equal(
            "\"\\xff\\xe2\\x82a\\xed\\xa0\\x80\\xc0\\x80\"", GoQuote.Text([0xFF, 0xE2, 0x82, (byte)'a', 0xED, 0xA0, 0x80, 0xC0, 0x80]));

    [Theory]
    [InlineData((byte)'a', "'a'")]
    [InlineData((byte)'"', "'\"'")]
    [InlineData((byte)'\'', "'\\''")]
    [InlineData((byte)'\n', "'\\n'")]
    [InlineData((byte)0, "'\\x00'")]
    [InlineData((byte)0x85, "'\\u0085'")]
    [InlineData((byte)0xA0, "'\\u00a0'")]
    [InlineData((byte)0xC3, "'Ã'")]
    public void Byte(byte value, string quoted) => Assert.Equal(quoted, GoQuote.Byte(value));
}
