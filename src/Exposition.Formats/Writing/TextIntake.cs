using System.Buffers;
using System.Text.Unicode;
using Exposition.Formats.Go;
using Exposition.Formats.Names;

namespace Exposition.Formats.Writing;

// Names are escaped when they come in, and so compared and checked as they will be written: escaping can make two names one.

/// <summary>Takes texts into a set.</summary>
internal readonly struct TextIntake(FamilySet set, EscapingScheme scheme, bool checks)
{
    public bool Checks => checks;

    public TextRef Take(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text, what);
        int start = set.Scratch.Count;
        Span<byte> room = set.Scratch.AddRange(checked(text.Length * 3));
        OperationStatus status = Utf8.FromUtf16(text, room, out _, out int length, replaceInvalidSequences: !checks);
        set.Scratch.Truncate(start + length);
        return status == OperationStatus.Done
            ? new TextRef(~start, length)
            : throw new ArgumentException($"The {what} is no valid text: it holds half of a surrogate pair.");
    }

    public TextRef Take(ReadOnlySpan<byte> text, string what) => !checks || Utf8.IsValid(text)
        ? set.AddText(text)
        : throw new ArgumentException($"The {what} {GoQuote.Text(text)} is no UTF-8.");

    /// <summary>A name as it will be written.</summary>
    public TextRef Escape(TextRef name)
    {
        if (!Escaping.IsNeeded(set.Text(name), scheme))
        {
            return name;
        }

        int start = set.Scratch.Count;
        Span<byte> into = set.Scratch.AddRange(NameRules.MaxEscapedLength(name.Length));
        int length = NameRules.Escape(set.Text(name), scheme, into);
        set.Scratch.Truncate(start + length);
        return new TextRef(~start, length);
    }

    /// <summary>Checks a label's name, as it will be written. That it comes once is for the caller to see.</summary>
    public void CheckLabelName(TextRef name)
    {
        if (NameRules.FaultOfLabel(set.Text(name)) is { } fault)
        {
            throw new ArgumentException(fault);
        }
    }
}
