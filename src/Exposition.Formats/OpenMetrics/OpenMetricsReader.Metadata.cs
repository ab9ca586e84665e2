using Exposition.Formats.Go;

namespace Exposition.Formats.OpenMetrics;

// A family's metadata come before its samples, each kind once, in any order. An empty text or unit is as good as none. UNIT must be what
// the family's name ends in behind a "_"; info and stateset have none.
//
// The row of a family is made with its first sample: families without one leave no trace but their names. A name is taken with all suffixes
// of the family's type and without any, so that no two families can have a sample name in common; that also keeps the names in the model
// apart.

internal ref partial struct OpenMetricsReader
{
    private bool ReadMetadata()
    {
        ReadOnlySpan<byte> rest = _text[_at..];
        bool isHelp = rest.StartsWith("# HELP "u8);
        bool isType = rest.StartsWith("# TYPE "u8);
        if (!isHelp && !isType && !rest.StartsWith("# UNIT "u8))
        {
            return Fail("expected \"# TYPE\", \"# HELP\", \"# UNIT\" or \"# EOF\": comments are not allowed");
        }

        _at += 7;
        if (!TakeMetricName(out TextRef name) || !Take((byte)' ', "a blank behind the name") || !EnterMetadata(name))
        {
            return false;
        }

        int length = _text[_at..].IndexOf((byte)'\n');
        if (length < 0)
        {
            return Fail("missing \"# EOF\" at the end");
        }

        int end = _at + length + 1;
        var line = new TextRef(_at, length - (_text[_at..end].EndsWith("\r\n"u8) ? 1 : 0));
        bool read = isHelp ? ReadHelp(line) : isType ? ReadType(line) : ReadUnit(line);
        _at = end;
        return read;
    }

    // The line belongs to the family at hand, or begins the next.
    private bool EnterMetadata(TextRef name)
    {
        if (_hasFamily && _set.Text(name).SequenceEqual(_set.Text(_name)))
        {
            return _family < 0 || Fail($"metadata of {GoQuote.Text(_set.Text(name))} behind its samples");
        }

        return BeginFamily(name);
    }

    private bool ReadType(TextRef line)
    {
        ReadOnlySpan<byte> word = _set.Text(line);
        if (_hasType)
        {
            return Fail($"second TYPE for {GoQuote.Text(_set.Text(_name))}");
        }

        if (!OpenMetricsTypes.TryParse(word, out _type))
        {
            return Fail($"unknown metric type {GoQuote.Text(word)}");
        }

        _hasType = true;
        return CheckUnit();
    }

    private bool ReadUnit(TextRef line)
    {
        if (_hasUnit)
        {
            return Fail($"second UNIT for {GoQuote.Text(_set.Text(_name))}");
        }

        (_unit, _hasUnit) = (line, true);
        return CheckUnit();
    }

    private bool CheckUnit()
    {
        if (_unit.IsEmpty)
        {
            return true;
        }

        ReadOnlySpan<byte> unit = _set.Text(_unit);
        ReadOnlySpan<byte> name = _set.Text(_name);
        if (!IsUnitOf(name, unit))
        {
            return Fail($"the name {GoQuote.Text(name)} does not end in \"_\" and its unit {GoQuote.Text(unit)}");
        }

        return _type is not (OpenMetricsType.Info or OpenMetricsType.StateSet)
            || Fail($"a unit for {GoQuote.Text(name)}, which is of a type without units");
    }

    /// <summary>Whether a name ends in a unit.</summary>
    public static bool IsUnitOf(ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit) =>
        name.Length > unit.Length && name.EndsWith(unit) && name[^(unit.Length + 1)] == '_';

    private bool ReadHelp(TextRef line)
    {
        if (_hasHelp)
        {
            return Fail($"second HELP for {GoQuote.Text(_set.Text(_name))}");
        }

        (_help, _hasHelp) = (line, true);
        ReadOnlySpan<byte> text = _set.Text(line);
        int end = line.Start + line.Length;
        if (text.Contains((byte)'\\'))
        {
            int scratch = _set.Scratch.Count;
            while (_at < end)
            {
                int plain = _text[_at..end].IndexOf((byte)'\\');
                plain = plain < 0 ? end - _at : plain;
                _text.Slice(_at, plain).CopyTo(_set.Scratch.AddRange(plain));
                _at += plain;
                if (_at < end)
                {
                    _at++;
                    Unescape();
                }
            }

            _help = new TextRef(~scratch, _set.Scratch.Count - scratch);
        }

        return true;
    }

    private bool BeginFamily(TextRef name)
    {
        if (!EndFamily())
        {
            return false;
        }

        _hasFamily = true;
        _name = name;
        _familyStart = _lineStart;
        _type = OpenMetricsType.Unknown;
        (_hasType, _hasHelp, _hasUnit) = (false, false, false);
        (_help, _unit) = (default, default);
        _family = -1;
        return true;
    }

    private bool EndFamily()
    {
        if (!_hasFamily)
        {
            return true;
        }

        _hasFamily = false;
        return EndMetric() && TakeNames();
    }

    private readonly TextRef WithSuffix(ReadOnlySpan<byte> suffix)
    {
        if (suffix.IsEmpty)
        {
            return _name;
        }

        int scratch = _set.Scratch.Count;
        int length = _name.Length + suffix.Length;
        Span<byte> text = _set.Scratch.AddRange(length);
        _set.Text(_name).CopyTo(text);
        suffix.CopyTo(text[_name.Length..]);
        return new TextRef(~scratch, length);
    }

    private bool TakeNames()
    {
        bool plain = false;
        for (int i = 0; i < OpenMetricsTypes.SuffixCount(_type); i++)
        {
            ReadOnlySpan<byte> suffix = OpenMetricsTypes.Suffix(_type, OpenMetricsTypes.PartAt(_type, i));
            plain |= suffix.IsEmpty;
            if (!TakeName(suffix))
            {
                return false;
            }
        }

        return plain || TakeName(default);
    }

    private bool TakeName(ReadOnlySpan<byte> suffix)
    {
        TextRef name = WithSuffix(suffix);
        return _tables.Names.TryAdd(_set, name) || FailAt(_familyStart,
            $"family {GoQuote.Text(_set.Text(_name))} of type {System.Text.Encoding.ASCII.GetString(OpenMetricsTypes.Word(_type))} "
            + $"clashes with an earlier one: both have the name {GoQuote.Text(_set.Text(name))}");
    }
}
