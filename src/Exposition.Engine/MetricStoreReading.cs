using Exposition.Engine.Reading;
using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>
/// Reading what is stored. Copies are the caller's to keep; what is not copied stays in a callback, and cannot leave it. Readers never wait
/// for writers, unless what they ask for is due to expire. A push or delete of another thread that has not returned yet may be seen by one
/// read of a group and not by the next of all groups.
/// </summary>
/// <example>
/// <code>
/// double? rows = store.GetValue("backup_rows{instance=\"db1\",job=\"nightly_backup\"}");
/// GroupInfo? group = store.Find(GroupingKey.Create(("job", "nightly_backup"), ("instance", "db1")));
///
/// // All groups, a thousand at a time.
/// for (IReadOnlyList&lt;GroupInfo&gt; page = store.GetGroups(limit: 1000); page.Count > 0;
///     page = store.GetGroups(after: page[^1].Key, limit: 1000))
/// {
///     Console.WriteLine($"{page.Count} groups");
/// }
///
/// // Without copies: the view cannot be kept.
/// long[] bytes = [0];
/// store.Read(GroupSelector.Parse("{job=~\"nightly.*\"}"), bytes, static (GroupView view, long[] sum) =>
/// {
///     foreach (FamilyView family in view.Families)
///     {
///         sum[0] += family.Text.Length;
///     }
/// });
/// </code>
/// </example>
public static class MetricStoreReading
{
    /// <summary>Copies what there is of a group, but for its samples.</summary>
    /// <returns>Null if it is not there.</returns>
    public static GroupInfo? Find(this MetricStore store, GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        store.Reads.TryRead(key, store.State, static (group, state) => GroupCopies.InfoOf(state, group), out GroupInfo? found);
        return found;
    }

    /// <summary>Copies what there is of groups at one point in time, but for their samples.</summary>
    /// <param name="store">The store.</param>
    /// <param name="groups">Which; null for all.</param>
    /// <param name="after">Where to go on: groups with a key behind this one, whether or not that is there still. Null for the first.
    /// </param>
    /// <param name="limit">The most that are copied; any number by default. Where groups are many ask for a page at a time, each with the
    /// last one's last key; the pages are of different times then.</param>
    /// <returns>In order of their keys.</returns>
    public static IReadOnlyList<GroupInfo> GetGroups(
        this MetricStore store, GroupSelector? groups = null, GroupingKey? after = null, int limit = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return store.Reads.Page(groups, after, limit);
    }

    /// <summary>Copies the samples of a group, also those that scrapes leave out (<see cref="GroupFamily.HiddenBecause"/>).</summary>
    /// <returns>In order of their families, labels in byte order of their names; null if the group is not there.</returns>
    public static IReadOnlyList<MetricSample>? GetSamples(this MetricStore store, GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        store.Reads.TryRead(key, 0, static (group, _) => GroupCopies.SamplesOf(group), out MetricSample[]? found);
        return found;
    }

    /// <summary>The value of a series, as scrapes show it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="series">
    /// The series as on a line of the text format: <c>rows_total{job="x",table="users"}</c>. An empty label may be left out, as
    /// <c>instance=""</c>. Labels of the group may be missing, if there is only one such series then; it is looked for in all groups.
    /// </param>
    /// <returns>Null if it is not there.</returns>
    /// <exception cref="FormatException">It is no series; the message says why.</exception>
    /// <exception cref="InvalidOperationException">There are several, as labels of the group are missing.</exception>
    public static double? GetValue(this MetricStore store, string series)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(series);
        return store.Lookup.Find(SeriesName.Parse(series));
    }

    /// <summary>The value of a series, as <see cref="GetValue(MetricStore, string)"/> finds it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">Name of the sample.</param>
    /// <param name="labels">Its labels in any order, those of the group among them.</param>
    /// <returns>Null if it is not there.</returns>
    /// <exception cref="ArgumentException">A name is empty, or a label is there twice.</exception>
    /// <exception cref="InvalidOperationException">There are several, as labels of the group are missing.</exception>
    public static double? GetValue(this MetricStore store, string name, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.Lookup.Find(SeriesName.Of(name, labels));
    }

    /// <summary>Reads a group without a copy.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">Which.</param>
    /// <param name="state">For the reader.</param>
    /// <param name="action">The reader, called once if the group is there. While it works memory of this group is not used again.</param>
    /// <returns>Whether it is there.</returns>
    public static bool Read<TState>(this MetricStore store, GroupingKey key, TState state, GroupAction<TState> action)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(action);
        return store.Reads.TryRead(
            key,
            (store.State, state, action),
            static (group, given) =>
            {
                given.action(new GroupView(given.State, group), given.state);
                return true;
            },
            out _);
    }

    /// <summary>Reads groups without a copy, all at one point in time.</summary>
    /// <param name="store">The store.</param>
    /// <param name="groups">Which; null for all.</param>
    /// <param name="state">For the reader.</param>
    /// <param name="action">The reader, called for each group in order of their keys. Until the last one is done, what is replaced
    /// meanwhile is held (<see cref="MetricStore.HeldBytes"/>).</param>
    /// <returns>How many there are.</returns>
    public static int Read<TState>(this MetricStore store, GroupSelector? groups, TState state, GroupAction<TState> action)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(action);
        return store.Reads.ReadAll(
            groups,
            (store.State, state, action),
            static (group, given) => given.action(new GroupView(given.State, group), given.state));
    }
}
