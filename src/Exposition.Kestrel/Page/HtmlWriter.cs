using System.Buffers;
using System.Globalization;
using System.Text;

namespace Exposition.Kestrel.Page;

/// <summary>
/// Writes UTF-8 HTML. Whatever comes from outside goes through <see cref="Text(ReadOnlySpan{byte})"/>, which is safe in content and in
/// quoted attributes.
/// </summary>
internal sealed class HtmlWriter(IBufferWriter<byte> output)
{
    private const byte Delete = 0x7f;

    // Those of HTML, and what shows nothing.
    private static readonly SearchValues<byte> s_special =
        SearchValues.Create([.. "&<>\"'"u8, .. Enumerable.Range(0, ' ').Select(static c => (byte)c), Delete]);

    // A few lines on a screen.
    private const int CutBytes = 300;

    private const int StackBytes = 512;

    /// <summary>Bytes so far.</summary>
    public long Written { get; private set; }

    /// <summary>Writes markup of our own.</summary>
    public HtmlWriter Raw(ReadOnlySpan<byte> markup)
    {
        output.Write(markup);
        Written += markup.Length;
        return this;
    }

    /// <summary>Writes text, escaped. Control characters become pictures of them.</summary>
    public HtmlWriter Text(ReadOnlySpan<byte> text)
    {
        while (text.IndexOfAny(s_special) is var at and >= 0)
        {
            Raw(text[..at]).Raw(text[at] switch
            {
                (byte)'&' => "&amp;"u8,
                (byte)'<' => "&lt;"u8,
                (byte)'>' => "&gt;"u8,
                (byte)'"' => "&#34;"u8,
                (byte)'\'' => "&#39;"u8,
                Delete => "\u2421"u8,

                // The pictures of control characters stand in their order from U+2400 on.
                var control => [0xe2, 0x90, (byte)(0x80 + control)],
            });
            text = text[(at + 1)..];
        }

        return Raw(text);
    }

    /// <summary>Writes text, escaped.</summary>
    public HtmlWriter Text(string text) => Encoded(text, isCut: false);

    /// <summary>Writes the start of a text of any length, escaped.</summary>
    public HtmlWriter Cut(ReadOnlySpan<byte> text)
    {
        if (text.Length <= CutBytes)
        {
            return Text(text);
        }

        int end = CutBytes;
        while (end > CutBytes - 4 && (text[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return Text(text[..end]).Raw("\u2026"u8);
    }

    /// <summary>Writes the start of a text of any length, escaped.</summary>
    public HtmlWriter Cut(string text) => Encoded(text, isCut: true);

    /// <summary>Says how many of something are not shown, if any are not.</summary>
    public HtmlWriter Rest(int all, int shown) =>
        all <= shown
            ? this
            : Raw("<span class=\"note\">and "u8).Text((all - shown).ToString(CultureInfo.InvariantCulture)).Raw(" more</span> "u8);

    // Most of a page are texts of a few characters.
    private HtmlWriter Encoded(string text, bool isCut)
    {
        int most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = most > StackBytes ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> bytes = rented ?? stackalloc byte[StackBytes];
        bytes = bytes[..Encoding.UTF8.GetBytes(text, bytes)];
        _ = isCut ? Cut(bytes) : Text(bytes);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return this;
    }
}
