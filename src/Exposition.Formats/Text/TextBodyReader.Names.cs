using System.Buffers;
using System.Text.Unicode;
using Exposition.Formats.Go;

namespace Exposition.Formats.Text;

// NAME: the first byte is one of [A-Za-z_"], for metrics outside braces also ":"; otherwise the token is empty and nothing is taken. It
// goes on with the same bytes and digits. A '"' opens quotes anywhere in the token and the closing one ends it, so fo"o b" is the name
// `foo b`. In quotes \\ \n \" are unescaped and a raw LF is an error. Whether a quoted name is valid is checked afterwards by the reader's
// scheme.
//
// A name N belongs to the family N if that exists; else to the summary that N is the _sum or _count of; else to the histogram that N is the
// _sum, _count or _bucket of; else it begins a family. A family's type never changes, so what a name once resolved to stays true.

internal ref partial struct TextBodyReader
{
    private bool ReadMetricName(out NameToken name) => ReadName(isMetric: true, NameRules.MetricBytes, out name);

    private bool ReadLabelName(out NameToken name) =>
        ReadName(isMetric: false, _onlyFamily == AnyFamily ? NameRules.LabelBytes : NameRules.MetricBytes, out name);

    private bool ReadName(bool isMetric, SearchValues<byte> nameBytes, out NameToken name)
    {
        int start = _at;
        ReadOnlySpan<byte> rest = _text[start..];
        int length = rest.IndexOfAnyExcept(nameBytes);
        if (length < 0)
        {
            length = rest.Length;
        }

        if (length > 0 && rest[0] is >= (byte)'0' and <= (byte)'9')
        {
            length = 0;
        }
        else if (length < rest.Length && rest[length] == '"')
        {
            return ReadQuotedName(isMetric, start, length, out name);
        }

        _at = start + length;
        name = new NameToken(new TextRef(start, length), Quoted: false);

        // A name must be followed by something. At the end of the body only an empty one may still be something else.
        return length == 0 || _at < _text.Length || FailAtEnd();
    }

    // start: of the token; plainLength: what stands before the opening quote.
    private bool ReadQuotedName(bool isMetric, int start, int plainLength, out NameToken name)
    {
        int quotedStart = start + plainLength + 1;
        ReadOnlySpan<byte> rest = _text[quotedStart..];
        int length = rest.IndexOfAny((byte)'"', (byte)'\\', (byte)'\n');
        name = default;
        if (length >= 0 && rest[length] == '"' && plainLength == 0)
        {
            _at = quotedStart + length + 1;
            name = new NameToken(new TextRef(quotedStart, length), Quoted: true);
            return _at < _text.Length || FailAtEnd();
        }

        int scratch = _set.Scratch.Count;
        _text.Slice(start, plainLength).CopyTo(_set.Scratch.AddRange(plainLength));
        if (!ReadEscaped(quotedStart, out int end))
        {
            return false;
        }

        var text = new TextRef(~scratch, _set.Scratch.Count - scratch);
        if (_text[end] == '\n')
        {
            return Fail($"{(isMetric ? "metric" : "label")} name {GoQuote.Text(_set.Text(text))} contains unescaped new-line");
        }

        _at = end + 1;
        name = new NameToken(text, Quoted: true);
        return _at < _text.Length || FailAtEnd();
    }

    // Unescapes from a position inside quotes to the closing quote or a raw LF, into the scratch bytes.
    private bool ReadEscaped(int position, out int end)
    {
        while (true)
        {
            ReadOnlySpan<byte> rest = _text[position..];
            int length = rest.IndexOfAny((byte)'"', (byte)'\\', (byte)'\n');
            if (length < 0)
            {
                end = _text.Length;
                return FailAtEnd();
            }

            rest[..length].CopyTo(_set.Scratch.AddRange(length));
            end = position + length;
            if (rest[length] != '\\')
            {
                return true;
            }

            int escaped = end + 1 < _text.Length ? _text[end + 1] : EndOfBody;
            if (TryUnescape(escaped, out byte value))
            {
                _set.Scratch.Add(value);
                position = end + 2;
            }
            else if (_lenient && escaped != EndOfBody)
            {
                _set.Scratch.Add((byte)'\\');
                position = end + 1;
            }
            else
            {
                return FailEscape(escaped);
            }
        }
    }

    // The name here is the same as the last one resolved: then so is its family.
    private bool TryRepeatName()
    {
        int length = _lastName.Length;
        if (length == 0 || _text.Length - _at <= length)
        {
            return false;
        }

        byte next = _text[_at + length];
        if (next == '"' || NameRules.MetricBytes.Contains(next)
            || !_text.Slice(_at, length).SequenceEqual(_text.Slice(_lastName.Start, length)))
        {
            return false;
        }

        _at += length;
        return true;
    }

    private readonly bool IsValidMetricName(in NameToken name)
    {
        if (!name.Quoted)
        {
            return !name.Text.IsEmpty;
        }

        ReadOnlySpan<byte> text = _set.Text(name.Text);
        return _utf8Names ? IsUtf8Name(text) : NameRules.IsValidMetricName(text, NameScheme.Legacy);
    }

    private readonly bool IsValidLabelName(in NameToken name)
    {
        if (!name.Quoted)
        {
            return true;
        }

        ReadOnlySpan<byte> text = _set.Text(name.Text);
        return _utf8Names ? IsUtf8Name(text) : NameRules.IsValidLabelName(text, NameScheme.Legacy);
    }

    private readonly bool IsUtf8Name(ReadOnlySpan<byte> name) => !name.IsEmpty && (_validUtf8 || Utf8.IsValid(name));

    private bool Resolve(in NameToken token)
    {
        ReadOnlySpan<byte> name = _set.Text(token.Text);
        if (!IsValidMetricName(token))
        {
            return Fail($"invalid metric name {GoQuote.Text(name)}");
        }

        _lastName = token.Quoted ? default : token.Text;
        return _onlyFamily == AnyFamily ? ResolveAmongAll(token.Text, name) : ResolveInOnlyFamily(name);
    }

    private bool ResolveAmongAll(TextRef text, ReadOnlySpan<byte> name)
    {
        _part = SamplePart.Point;
        _family = _index.FindFamily(_set, name, out uint hash);
        if (_family >= 0)
        {
            return true;
        }

        SamplePart part = Suffixes.Find(name, out int suffixLength);
        if (part != SamplePart.Point)
        {
            int family = _index.FindFamily(_set, name[..^suffixLength], out _);
            if (family >= 0 && Suffixes.Folds(_set.Families[family], part))
            {
                (_family, _part) = (family, part);
                return true;
            }
        }

        _family = _set.AddFamily(text, MetricType.Untyped);
        _index.AddFamily(_family, hash);
        return true;
    }

    private bool ResolveInOnlyFamily(ReadOnlySpan<byte> name)
    {
        _family = _onlyFamily;
        _part = SamplePart.Point;
        if (name.SequenceEqual(FamilyName))
        {
            return true;
        }

        _part = Suffixes.Find(name, out int suffixLength);
        return (_part != SamplePart.Point && name[..^suffixLength].SequenceEqual(FamilyName)
            && Suffixes.Folds(_set.Families[_family], _part))
            || Fail($"sample {GoQuote.Text(name)} does not belong to metric {GoQuote.Text(FamilyName)}");
    }

    // A sample fixes the type of its family.
    private readonly void FixType()
    {
        ref FamilyRow family = ref _set.Families[_family];
        if (!family.HasType && _onlyFamily == AnyFamily)
        {
            family.Type = MetricType.Untyped;
            family.HasType = true;
        }
    }

    // A name as it was read, unescaped and not yet validated.
    private readonly record struct NameToken(TextRef Text, bool Quoted);
}
