using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>Facts of a stored family that decide how it is written.</summary>
[Flags]
internal enum FamilyTraits : byte
{
    /// <summary>Plain.</summary>
    None = 0,

    /// <summary>
    /// The family's or a label's name is outside the legacy charset: the text piece is in the quoted form and is written anew for other
    /// escaping schemes.
    /// </summary>
    EscapedNames = 1,

    /// <summary>
    /// It contradicts what was there before it, and was stored without a check: scrapes leave it out until that has gone.
    /// </summary>
    Hidden = 2,

    /// <summary>None of its summaries or histograms has a sample count: the zeros in the text piece stand for that.</summary>
    NoCounts = 4,

    /// <summary>None of its summaries or histograms has a sum (Flink's summaries): the zeros in the text piece stand for that.</summary>
    NoSums = 8,
}

// What all groups say alike of a family (its head) is one object that they share, so that an entry is 64 bytes, and a scrape tells by the
// reference alone that an entry of the next group belongs to the same family. The directory of families knows the one that was shared last.

/// <summary>
/// A family of a group as it is stored: its own type and help, and its samples ready to be copied into a scrape. A copy of the entry does
/// not keep the samples: their memory is valid as long as the snapshot that the entry is of (see <see cref="GroupSnapshot"/>).
/// </summary>
[DebuggerDisplay("{System.Text.Encoding.UTF8.GetString(Name.Span),nq} {Type}, {SampleCount} lines")]
internal readonly record struct FamilyEntry
{
    private readonly byte[]? _block;
    private readonly int _textStart;

    /// <summary>An entry without samples.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="type">See <see cref="Type"/>.</param>
    /// <param name="help">See <see cref="Help"/>; null if it was pushed without.</param>
    /// <param name="unitLength">See <see cref="UnitLength"/>.</param>
    public FamilyEntry(ReadOnlyMemory<byte> name, MetricType type, ReadOnlyMemory<byte>? help, byte unitLength) =>
        Head = new FamilyHead(name, type, help.HasValue, help.GetValueOrDefault(), unitLength);

    internal FamilyEntry(FamilyHead head) => Head = head;

    /// <summary>UTF-8 name.</summary>
    public ReadOnlyMemory<byte> Name
    {
        get => Head.Name;
        init => Head = Head with { Name = value };
    }

    /// <summary>The type under which it was pushed.</summary>
    public MetricType Type => Head.Type;

    /// <summary>Whether it was pushed with a help text.</summary>
    public bool HasHelp => Head.HasHelp;

    /// <summary>The help text, unescaped.</summary>
    public ReadOnlyMemory<byte> Help
    {
        get => Head.Help;
        init => Head = Head with { Help = value };
    }

    /// <summary>
    /// Length in bytes of the unit that the name ends in (a counter's before <c>_total</c>), or 0. A unit that is no such suffix is not
    /// kept.
    /// </summary>
    public byte UnitLength
    {
        get => Head.UnitLength;
        init => Head = Head with { UnitLength = value };
    }

    /// <summary>The unit, or empty.</summary>
    public ReadOnlyMemory<byte> Unit =>
        Stem(Name.Span, Type).Length - UnitLength is int start and > 0 && UnitLength > 0 ? Name.Slice(start, UnitLength) : default;

    // Null of the default entry only.
    internal FamilyHead Head { get; init; }

    internal int TextLength { get; private init; }

    /// <summary>Whether scrapes show it: it has samples, and contradicts nothing.</summary>
    internal bool IsExposed => TextLength > 0 && !IsHidden;

    internal bool IsHidden => (Traits & FamilyTraits.Hidden) != 0;

    // The bounds were checked when it was made; to check them again would read the start of the block, which may be far from the text.
    internal ReadOnlySpan<byte> TextSpan =>
        _block is null
            ? default
            : MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_block), _textStart), TextLength);

    // The array that the text lies in; null where there is none.
    internal byte[]? TextBlock => _block;

    internal int TextStart => _textStart;

    /// <summary>When it was pushed, in nanoseconds since the Unix epoch.</summary>
    public long PushedAt { get; init; }

    /// <summary>
    /// Sample lines in canonical text (<see cref="EscapingScheme.AllowUtf8"/> quoting), labels merged and sorted, without HELP and TYPE.
    /// Empty for a family without metrics.
    /// </summary>
    /// <exception cref="ArgumentException">It does not lie in an array.</exception>
    public ReadOnlyMemory<byte> Text
    {
        get => new(_block, _textStart, TextLength);
        init
        {
            if (!MemoryMarshal.TryGetArray(value, out ArraySegment<byte> text))
            {
                throw new ArgumentException("the text of an entry must lie in an array", nameof(value));
            }

            TextIn = text;
        }
    }

    // The same where it is known in which array it lies.
    internal ArraySegment<byte> TextIn
    {
        init => (_block, _textStart, TextLength) = value.Count == 0 ? (null, 0, 0) : (value.Array, value.Offset, value.Count);
    }

    /// <summary>
    /// What text cannot say: the metrics as <c>metric</c> fields of a MetricFamily message. Empty where text says it all.
    /// </summary>
    public ReadOnlyMemory<byte> Sidecar { get; init; }

    /// <summary>How it must be written.</summary>
    public FamilyTraits Traits { get; init; }

    /// <summary>Number of sample lines in <see cref="Text"/>.</summary>
    public int SampleCount { get; init; }

    // Identifies the text: entries of one serial have one text, wherever it lies (blocks are used again, so memory identifies nothing).
    // Drawn when the text is made or changed; 0 is no identity.
    internal long Serial { get; init; }

    /// <summary>Decodes the entry into <paramref name="into"/> (which is reset) as its only family.</summary>
    /// <param name="into">Refers to the entry's memory until it is reset.</param>
    public void Read(FamilySet into) => Read(into, Sidecar.IsEmpty ? Text : Sidecar);

    /// <summary>Decodes some metrics of the entry, as <see cref="Read(FamilySet)"/> does all of them.</summary>
    /// <param name="into">Refers to the entry's memory until it is reset.</param>
    /// <param name="part">Whole metrics out of <see cref="Sidecar"/>, or of <see cref="Text"/> where that is empty.</param>
    public void Read(FamilySet into, ReadOnlyMemory<byte> part)
    {
        ArgumentNullException.ThrowIfNull(into);
        bool fromSidecar = !Sidecar.IsEmpty;
        into.Reset(part);
        int family = HasHelp ? into.AddFamily(Name.Span, Type, Help.Span) : into.AddFamily(into.AddText(Name.Span), Type);
        FormatError error;
        bool read = fromSidecar
            ? ProtobufFormat.TryReadMetrics(family, into, out error)
            : TextFormat.TryReadSamples(family, into, out error);
        if (!read)
        {
            // Pieces are written by this library and checked when they are loaded, so this is a defect, not bad input.
            throw new InvalidOperationException($"stored family does not read back: {error}");
        }

        if (UnitLength > 0)
        {
            into.Families[family].Unit = into.AddText(Unit.Span);
        }

        MetricContent absent = ((Traits & FamilyTraits.NoCounts) != 0 ? MetricContent.NoCount : 0)
            | ((Traits & FamilyTraits.NoSums) != 0 ? MetricContent.NoSum : 0);
        if (absent != 0 && !fromSidecar)
        {
            foreach (ref MetricRow metric in into.Metrics)
            {
                metric.Content |= absent;
            }
        }
    }

    /// <summary>What of the unit of a family the entry can keep.</summary>
    internal static byte LengthOfUnit(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> unit)
    {
        ReadOnlySpan<byte> stem = Stem(name, type);
        bool kept = unit.Length is > 0 and <= byte.MaxValue && stem.Length > unit.Length && stem.EndsWith(unit)
            && stem[^(unit.Length + 1)] == (byte)'_';
        return kept ? (byte)unit.Length : (byte)0;
    }

    private static ReadOnlySpan<byte> Stem(ReadOnlySpan<byte> name, MetricType type) =>
        type == MetricType.Counter && name.EndsWith("_total"u8) ? name[..^"_total"u8.Length] : name;
}
