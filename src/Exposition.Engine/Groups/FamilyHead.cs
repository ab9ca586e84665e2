using System.Diagnostics;
using Exposition.Formats;

namespace Exposition.Engine.Groups;

/// <summary>
/// What a family is, its samples apart. Immutable; shared by the entries of all groups that say the same, as far as the directory of
/// families knows it.
/// </summary>
[DebuggerDisplay("{System.Text.Encoding.UTF8.GetString(Name.Span),nq} {Type}")]
internal sealed record FamilyHead(ReadOnlyMemory<byte> Name, MetricType Type, bool HasHelp, ReadOnlyMemory<byte> Help, byte UnitLength)
{
    /// <summary>Whether another says the same, wherever it lies.</summary>
    public bool SaysTheSame(FamilyHead other) =>
        ReferenceEquals(this, other) || Says(other.Name.Span, other.Type, other.HasHelp, other.Help.Span, other.UnitLength);

    /// <summary>Whether it says this.</summary>
    public bool Says(ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, byte unitLength) =>
        Type == type && HasHelp == hasHelp && UnitLength == unitLength && Name.Span.SequenceEqual(name) && Help.Span.SequenceEqual(help);

    /// <summary>Whether another is of the same name. Nearly always it is the same object, or has the same memory.</summary>
    public bool IsNamed(FamilyHead other) =>
        ReferenceEquals(this, other) || Name.Equals(other.Name) || Name.Span.SequenceEqual(other.Name.Span);

    /// <summary>Whether another's values are of the same kind, so that both may be in one family of a scrape.</summary>
    public bool IsAlike(FamilyHead other) => Type == other.Type || KindOf(Type) == KindOf(other.Type);

    /// <summary>The value kind that metrics of a type must have.</summary>
    public static MetricContent KindOf(MetricType type) => type switch
    {
        MetricType.Counter => MetricContent.Counter,
        MetricType.Gauge => MetricContent.Gauge,
        MetricType.Summary => MetricContent.Summary,
        MetricType.Untyped => MetricContent.Untyped,
        _ => MetricContent.Histogram,
    };
}
