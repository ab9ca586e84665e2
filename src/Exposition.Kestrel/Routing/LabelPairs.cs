using System.Runtime.InteropServices;
using System.Text.Unicode;
using Exposition.Engine;

namespace Exposition.Kestrel.Routing;

/// <summary>A piece of the scratch text of <see cref="LabelPairs"/>.</summary>
internal readonly record struct TextRange(int Start, int Length);

/// <summary>A label of a path: name and value in the scratch text, and where it stood.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LabelPair(TextRange Name, TextRange Value, int Order);

/// <summary>The labels read from a path so far, over memory of the caller: scratch text, and a table of pairs that point into it.</summary>
internal ref struct LabelPairs(Span<byte> text, Span<LabelPair> pairs)
{
    private readonly Span<byte> _text = text;
    private readonly Span<LabelPair> _pairs = pairs;
    private int _used;
    private int _count;

    public readonly ReadOnlySpan<byte> Text(TextRange range) => _text.Slice(range.Start, range.Length);

    /// <summary>Percent-decodes a segment into the scratch text.</summary>
    public TextRange Decode(ReadOnlySpan<byte> segment)
    {
        var range = new TextRange(_used, PercentEncoding.Decode(segment, _text[_used..]));
        _used += range.Length;
        return range;
    }

    /// <summary>Copies a piece, to be changed in place.</summary>
    public Span<byte> Copy(TextRange range, out TextRange copy)
    {
        copy = new TextRange(_used, range.Length);
        _used += range.Length;
        Span<byte> bytes = _text.Slice(copy.Start, copy.Length);
        Text(range).CopyTo(bytes);
        return bytes;
    }

    /// <summary>Decodes a piece in place. On failure it becomes what was decoded before the error.</summary>
    public readonly bool TryDecodeBase64(ref TextRange range, out int errorAt)
    {
        Span<byte> bytes = _text.Slice(range.Start, range.Length);
        bool valid = Base64Url.TryDecode(bytes, bytes, out int length, out errorAt);
        range = range with { Length = length };
        return valid;
    }

    public void Add(TextRange name, TextRange value)
    {
        _pairs[_count] = new LabelPair(name, value, _count);
        _count++;
    }

    /// <summary>Adds the job of the path, which wins against any other.</summary>
    public void AddJob(TextRange job)
    {
        var name = new TextRange(_used, 3);
        "job"u8.CopyTo(_text[_used..]);
        _used += 3;
        Add(name, job);
    }

    /// <summary>Finds the first value that is not UTF-8.</summary>
    public readonly bool FindInvalidText(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (LabelPair pair in _pairs[.._count])
        {
            name = Text(pair.Name);
            value = Text(pair.Value);
            if (!Utf8.IsValid(value))
            {
                return true;
            }
        }

        name = value = default;
        return false;
    }

    /// <summary>Sorts the pairs, drops all but the last of each name and writes the canonical form of the grouping key.</summary>
    /// <param name="into">At least as long as the path and the job's name.</param>
    public readonly ReadOnlySpan<byte> WriteCanonical(Span<byte> into)
    {
        Sort();
        int length = 0;
        for (int i = 0; i < _count; i++)
        {
            ReadOnlySpan<byte> name = Text(_pairs[i].Name);
            if (i + 1 < _count && name.SequenceEqual(Text(_pairs[i + 1].Name)))
            {
                continue;
            }

            if (length > 0)
            {
                into[length++] = GroupingKey.Separator;
            }

            name.CopyTo(into[length..]);
            length += name.Length;
            into[length++] = GroupingKey.Separator;
            ReadOnlySpan<byte> value = Text(_pairs[i].Value);
            value.CopyTo(into[length..]);
            length += value.Length;
        }

        return into[..length];
    }

    private readonly int Compare(LabelPair a, LabelPair b)
    {
        int order = Text(a.Name).SequenceCompareTo(Text(b.Name));
        return order != 0 ? order : a.Order - b.Order;
    }

    // Few labels, mostly sorted already: insertion. A path made of thousands of labels must not take quadratic time: heap sort.
    private readonly void Sort()
    {
        if (_count > 64)
        {
            HeapSort();
            return;
        }

        for (int i = 1; i < _count; i++)
        {
            LabelPair pair = _pairs[i];
            int at = i;
            for (; at > 0 && Compare(_pairs[at - 1], pair) > 0; at--)
            {
                _pairs[at] = _pairs[at - 1];
            }

            _pairs[at] = pair;
        }
    }

    private readonly void HeapSort()
    {
        for (int root = (_count / 2) - 1; root >= 0; root--)
        {
            SiftDown(root, _count);
        }

        for (int end = _count - 1; end > 0; end--)
        {
            (_pairs[0], _pairs[end]) = (_pairs[end], _pairs[0]);
            SiftDown(0, end);
        }
    }

    private readonly void SiftDown(int root, int end)
    {
        for (int child; (child = (2 * root) + 1) < end; root = child)
        {
            if (child + 1 < end && Compare(_pairs[child], _pairs[child + 1]) < 0)
            {
                child++;
            }

            if (Compare(_pairs[root], _pairs[child]) >= 0)
            {
                return;
            }

            (_pairs[root], _pairs[child]) = (_pairs[child], _pairs[root]);
        }
    }
}
