using System.Runtime.CompilerServices;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

/// <summary>A family as it is met in one group after the other. Used again.</summary>
internal abstract class ScrapedFamily<TSelf>
    where TSelf : ScrapedFamily<TSelf>
{
    /// <summary>What the first entry says of it.</summary>
    public FamilyHead Head { get; private set; } = null!;

    /// <summary>The family that came behind this one the last time: a guess for the next.</summary>
    public TSelf? Successor { get; set; }

    /// <summary>Memory of its table, in bytes.</summary>
    public virtual long TableBytes => 0;

    public virtual void Begin(FamilyHead first) => Head = first;

    /// <summary>Keeps nothing alive.</summary>
    public virtual void Reset() => (Head, Successor) = (null!, null);
}

/// <summary>A family of a scrape: its parts in order of the groups, the host's own first.</summary>
internal abstract class FamilyOfParts<TSelf, TPart> : ScrapedFamily<TSelf>
    where TSelf : FamilyOfParts<TSelf, TPart>
    where TPart : struct
{
    private const int FirstParts = 4;
    private const int ManyParts = 256;

    private TPart[] _parts = [];
    private int _count;

    // What the first entry says that has a help text; where none has, the same as the head.
    private FamilyHead _helpful = null!;

    public ReadOnlySpan<byte> Name => Head.Name.Span;

    public MetricType Type => Head.Type;

    public bool HasHelp => _helpful.HasHelp;

    public ReadOnlySpan<byte> Help => _helpful.Help.Span;

    public ReadOnlySpan<TPart> Parts => _parts.AsSpan(0, _count);

    public override long TableBytes => _parts.Length * (long)Unsafe.SizeOf<TPart>();

    public override void Begin(FamilyHead first)
    {
        base.Begin(first);
        _helpful = first;
    }

    public override void Reset()
    {
        if (_parts.Length > ManyParts && _count < _parts.Length / 4)
        {
            _parts = [];
        }
        else if (RuntimeHelpers.IsReferenceOrContainsReferences<TPart>())
        {
            _parts.AsSpan(0, _count).Clear();
        }

        (_helpful, _count) = (null!, 0);
        base.Reset();
    }

    /// <summary>Whether values are of another kind than those of the host, or of the groups before: then they are left out.</summary>
    protected bool IsUnlike(FamilyHead head) => !ReferenceEquals(head, Head) && !Head.IsAlike(head);

    protected void TakeHelp(FamilyHead head) => _helpful = !_helpful.HasHelp && head.HasHelp ? head : _helpful;

    protected void MoveLastToFirst()
    {
        TPart last = _parts[_count - 1];
        _parts.AsSpan(0, _count - 1).CopyTo(_parts.AsSpan(1));
        _parts[0] = last;
    }

    protected void Add(in TPart part)
    {
        if (_count == _parts.Length)
        {
            Array.Resize(ref _parts, Math.Max(FirstParts, _count * 2));
        }

        _parts[_count++] = part;
    }
}
