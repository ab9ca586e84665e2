using System.Buffers;
using System.Text;

namespace Exposition.Gateway.Page;

/// <summary>Writes UTF-8 HTML. Whatever comes from outside goes through <see cref="Text(ReadOnlySpan{byte})"/>, which is safe in content and in quoted attributes.</summary>
internal sealed class HtmlWriter(IBufferWriter<byte> output)
{
    private static readonly SearchValues<byte> s_special = SearchValues.Create("&<>\"'\0"u8);

    /// <summary>Bytes written since the last <see cref="Flushed"/>.</summary>
    public int Pending { get; private set; }

    /// <summary>Says that what was written has been sent.</summary>
    public void Flushed() => Pending = 0;

    /// <summary>Writes markup of our own.</summary>
    public HtmlWriter Raw(ReadOnlySpan<byte> markup)
    {
        output.Write(markup);
        Pending += markup.Length;
        return this;
    }

    /// <summary>Writes text, escaped.</summary>
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
                _ => "\ufffd"u8,
            });
            text = text[(at + 1)..];
        }

        return Raw(text);
    }

    /// <summary>Writes text, escaped.</summary>
    public HtmlWriter Text(string text) => Text(Encoding.UTF8.GetBytes(text));
}
