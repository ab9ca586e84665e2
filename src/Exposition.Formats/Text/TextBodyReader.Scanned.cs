using Exposition.Formats.Numbers;
using Exposition.Formats.Scanning;

namespace Exposition.Formats.Text;

// A canonical line as the scanner took it has been checked as far as one line can be. What is left is what depends on the lines before: the
// family of its name, the bound among its labels, and where the value belongs.

internal ref partial struct TextBodyReader
{
    // Takes the line at _at if it is canonical. When it cannot be stored after all, _message says why and _at is still at the line.
    private bool TryTakeScanned()
    {
        int start = _at;
        if ((uint)start >= (uint)_text.Length)
        {
            return false;
        }

        if (_text[start] == '#')
        {
            return _onlyFamily == AnyFamily && TryTakeScannedComment();
        }

        _set.Progress.At = start;
        int firstLabel = _set.LabelList.Count;
        if (!_scanner.TryTake(start, ref _set.LabelList, out ScannedSample sample))
        {
            return false;
        }

        if (!IsLastName(start, sample.NameLength) && !Resolve(new NameToken(new TextRef(start, sample.NameLength), Quoted: false)))
        {
            return false;
        }

        FixType();
        _firstLabel = firstLabel;
        _bound = double.NaN;
        if (!TryTakeBound(firstLabel))
        {
            // Read again by the byte-wise reader, which has the words for it.
            _set.LabelList.Truncate(firstLabel);
            return false;
        }

        if (!Store(sample.Value, out int metric))
        {
            return false;
        }

        if (sample.HasTimestamp)
        {
            ref MetricRow row = ref _set.Metrics[metric];
            row.TimestampMs = sample.TimestampMs;
            row.Content |= MetricContent.Timestamp;
        }

        _at = sample.End;
        return true;
    }

    private bool TryTakeScannedComment()
    {
        if (!_scanner.TryTakeComment(_at, out ScannedComment comment)
            || (!IsLastName(comment.Name.Start, comment.Name.Length) && !Resolve(new NameToken(comment.Name, Quoted: false))))
        {
            return false;
        }

        ref FamilyRow family = ref _set.Families[_family];
        if (comment.IsHelp ? family.HasHelp : family.HasType)
        {
            return false;
        }

        if (comment.IsHelp)
        {
            (family.Help, family.HasHelp) = (comment.Help, true);
        }
        else
        {
            (family.Type, family.HasType, family.TypeLine) = (comment.Type, true, comment.Type);
        }

        _at = comment.End;
        return true;
    }

    private readonly bool IsLastName(int start, int length) =>
        length == _lastName.Length && _text.Slice(start, length).SequenceEqual(_text.Slice(_lastName.Start, length));

    // Takes the bound out of the line's labels, where its family has bounds.
    private bool TryTakeBound(int firstLabel)
    {
        ReadOnlySpan<byte> name = BoundNameOfFamily();
        if (name.IsEmpty)
        {
            return true;
        }

        // Nearly always it comes last.
        Span<LabelRow> labels = _set.LabelList.Span[firstLabel..];
        for (int i = labels.Length - 1; i >= 0; i--)
        {
            TextRef label = labels[i].Name;
            if (label.Length == name.Length && _text.Slice(label.Start, label.Length).SequenceEqual(name))
            {
                TextRef value = labels[i].Value;
                labels[(i + 1)..].CopyTo(labels[i..]);
                _set.LabelList.Truncate(firstLabel + labels.Length - 1);
                return NumberParser.TryParse(_text, value.Start, value.Length, out _bound);
            }
        }

        return true;
    }
}
