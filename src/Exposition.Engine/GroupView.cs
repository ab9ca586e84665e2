using Exposition.Engine.Publishing;
using Exposition.Engine.Reading;
using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>Reads a group without copying it.</summary>
/// <typeparam name="TState">What the reader needs, so that it need not be a closure.</typeparam>
/// <param name="group">The group; valid until the return, and unable to outlive it. Copy what is to be kept.</param>
/// <param name="state">As it was given.</param>
public delegate void GroupAction<in TState>(GroupView group, TState state);

/// <summary>
/// A group as it is at one point in time, in the store's own memory: only in a callback (<see cref="GroupAction{TState}"/>), after which
/// that memory is used again.
/// </summary>
public readonly ref struct GroupView
{
    private readonly StoreState _state;
    private readonly GroupSnapshot _group;

    internal GroupView(StoreState state, GroupSnapshot group) => (_state, _group) = (state, group);

    /// <summary>The group's labels. May be kept.</summary>
    public GroupingKey Key => Group.Key;

    /// <summary>The last push that was stored; null if there was none.</summary>
    public DateTimeOffset? PushedAt => GroupCopies.TimeOf(Group.PushTime);

    /// <summary>The last push that contradicted itself or others; null if there was none.</summary>
    public DateTimeOffset? FailedAt => GroupCopies.TimeOf(Group.FailureTime);

    /// <summary>Whether its series have expired.</summary>
    public bool IsExpired => Group.IsExpired;

    /// <summary>The families in byte order of their names, the push times among them.</summary>
    public FamilyEnumerator Families => new(Group);

    /// <summary>Finds a family by its name in UTF-8.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryGetFamily(ReadOnlySpan<byte> name, out FamilyView family)
    {
        int at = GroupSnapshot.IndexOf(Group.Families, name);
        family = at >= 0 ? new FamilyView(Group, at) : default;
        return at >= 0;
    }

    /// <summary>A copy of what is here but for the samples, to be kept.</summary>
    public GroupInfo ToInfo() => GroupCopies.InfoOf(_state, Group);

    private GroupSnapshot Group => _group ?? throw new InvalidOperationException("the view was not given by a store");
}

/// <summary>A family of a <see cref="GroupView"/>, valid as long as that.</summary>
public readonly ref struct FamilyView
{
    private readonly GroupSnapshot _group;
    private readonly ref readonly FamilyEntry _entry;

    internal FamilyView(GroupSnapshot group, int at)
    {
        _group = group;
        _entry = ref group.Families[at];
    }

    /// <summary>UTF-8 name.</summary>
    public ReadOnlySpan<byte> Name => _entry.Name.Span;

    /// <summary>The type under which it was pushed.</summary>
    public MetricType Type => _entry.Type;

    /// <summary>The help text in UTF-8, unescaped; empty if it was pushed without.</summary>
    public ReadOnlySpan<byte> Help => _entry.Help.Span;

    /// <summary>How many series it has; each bucket and quantile counts.</summary>
    public int SeriesCount => _entry.SampleCount;

    /// <summary>
    /// The sample lines in the text format, labels of the group merged in, in order; names outside the legacy charset in quotes. For an
    /// <see cref="ExpositionReader"/>.
    /// </summary>
    public ReadOnlySpan<byte> Text => _entry.TextSpan;

    /// <summary>Why scrapes leave it out; null if they do not.</summary>
    public string? HiddenBecause => HiddenFamily.Find(_group.Hidden, Name)?.Reason;
}

/// <summary>Walks the families of a <see cref="GroupView"/>.</summary>
public ref struct FamilyEnumerator
{
    private readonly GroupSnapshot _group;
    private int _at;

    internal FamilyEnumerator(GroupSnapshot group) => (_group, _at) = (group, -1);

    /// <summary>How many there are.</summary>
    public readonly int Count => _group.Families.Length;

    /// <summary>The family at hand.</summary>
    public readonly FamilyView Current => new(_group, _at);

    /// <summary>Returns itself, for <c>foreach</c>.</summary>
    public readonly FamilyEnumerator GetEnumerator() => this;

    /// <summary>Goes to the next one.</summary>
    public bool MoveNext() => ++_at < _group.Families.Length;
}
