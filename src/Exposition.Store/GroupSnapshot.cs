using System.Buffers.Text;
using Exposition.Store.Internal;

namespace Exposition.Store;

/// <summary>A group as one push left it. Immutable, but for <see cref="LastFailure"/>.</summary>
public sealed class GroupSnapshot
{
    private readonly FamilyEntry[] _families;
    private readonly HiddenFamily[] _hidden;
    private PushFailure? _lastFailure;

    internal GroupSnapshot(GroupingKey key, FamilyEntry[] families, HiddenFamily[] hidden)
    {
        Key = key;
        _families = families;
        _hidden = hidden;
    }

    /// <summary>The group's labels.</summary>
    public GroupingKey Key { get; }

    /// <summary>The families in byte order of their names, push_time_seconds and push_failure_time_seconds among them.</summary>
    public ReadOnlySpan<FamilyEntry> Families => _families;

    /// <summary>Those of them that scrapes leave out, and why.</summary>
    public ReadOnlySpan<HiddenFamily> Hidden => _hidden;

    /// <summary>When the group's series expire, or, of an expired group, when they did, in nanoseconds since the Unix epoch; 0 for never.</summary>
    public long ExpiresAt { get; internal init; }

    /// <summary>Whether they have expired: only the push times and push_expired are left.</summary>
    public bool IsExpired { get; internal init; }

    /// <summary>The last push that was refused, as far as the store was told since it was made. Of a group's newest snapshot it may yet change.</summary>
    public PushFailure? LastFailure
    {
        get => Volatile.Read(ref _lastFailure);
        internal set => Volatile.Write(ref _lastFailure, value);
    }

    /// <summary>Whether push_failure_time_seconds is not later than push_time_seconds (true where one is missing).</summary>
    public bool LastPushSuccessful =>
        !TryGetTime(OwnNames.PushFailure, out double failure) || !TryGetTime(OwnNames.PushTime, out double success) || failure <= success;

    // To be brought into the cache before it is needed.
    internal FamilyEntry[] FamilyArray => _families;

    // The store's clock when this was published; set once before publication.
    internal long Version { get; set; }

    // Whether a consumer of a feed has taken it (or may have): set under the store's writer lock when the next snapshot replaces it.
    internal bool WasTaken { get; set; }

    // What was published before, kept while a view still collects (see MetricStore).
    internal GroupSnapshot? Previous { get; set; }

    /// <summary>Finds a family by name.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out FamilyEntry entry)
    {
        int at = IndexOf(_families, name);
        entry = at >= 0 ? _families[at] : default;
        return at >= 0;
    }

    internal static int IndexOf(ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<byte> name)
    {
        int low = 0, high = families.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = families[middle].Name.Span.SequenceCompareTo(name);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    // The value of the first sample of a family of times; a family without samples has none.
    private bool TryGetTime(ReadOnlySpan<byte> name, out double seconds)
    {
        seconds = 0;
        if (!TryGet(name, out FamilyEntry entry) || entry.Text.IsEmpty)
        {
            return false;
        }

        ReadOnlySpan<byte> line = entry.Text.Span[..entry.Text.Span.IndexOf((byte)'\n')];
        ReadOnlySpan<byte> value = line[(line.LastIndexOf((byte)' ') + 1)..];
        if (Utf8Parser.TryParse(value, out seconds, out int used) && used == value.Length)
        {
            return true;
        }

        seconds = value.SequenceEqual("+Inf"u8) ? double.PositiveInfinity : value.SequenceEqual("-Inf"u8) ? double.NegativeInfinity : double.NaN;
        return true;
    }
}
