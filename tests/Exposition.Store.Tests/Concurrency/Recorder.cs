using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Exposition.Store.Internal;

namespace Exposition.Store.Tests.Concurrency;

/// <summary>
/// A store with clients that write down what they do and see. All series of a group show one value, and no two pushes the same; so whatever is no
/// value of one push is seen at once. Groups 0 and 1 are rivals: they have a series in common, so only one of them can have series.
/// </summary>
internal sealed class Recorder
{
    public const int Groups = 4;

    // Enough for blocks that are used again.
    private const int Series = 24;

    public static readonly int[] Rivals = [1, 0, -1, -1];

    private static readonly GroupingKey[] s_keys = [Harness.Key("job", "a"), Harness.Key("job", "a", "instance", "i"), Harness.Key("job", "b"), Harness.Key("job", "c")];
    private static readonly string[] s_series = [.. Enumerable.Range(0, Groups).Select(static group => group == 0 ? "{instance=\"i\",padding=\"0123456789\"}" : "{padding=\"0123456789\"}")];

    private readonly ConcurrentQueue<Event> _events = [];
    private readonly ConcurrentQueue<string> _wrong = [];
    private readonly List<(GroupSnapshot Snapshot, int Group, long Value)> _taken = [];
    private readonly Dictionary<int, long> _reported = [];
    private readonly ChangeFeed? _feed;
    private readonly long[] _last = new long[Groups];
    private long _time;
    private long _value;

    public Recorder(StoreFaults faults, bool withFeed)
    {
        Store = new MetricStore(new StoreOptions { Time = new ManualClock(), PoisonsSpareBlocks = true }) { Faults = faults };
        _feed = withFeed ? Store.Subscribe() : null;
    }

    public MetricStore Store { get; }

    public long[] Initial { get; private set; } = new long[Groups];

    /// <summary>Pushes so often to some groups that the next pushes to them are steady ones.</summary>
    public void Warm(params ReadOnlySpan<int> groups)
    {
        foreach (int group in groups)
        {
            for (int i = 0; i < 4; i++)
            {
                Push(0, group);
            }
        }

        Begin();
    }

    /// <summary>A new history from here on. Nothing must be going on.</summary>
    public void Begin()
    {
        View(0);
        Take();
        Initial = _events.Last(static e => e.Kind == Kind.View).Seen!;
        _events.Clear();
    }

    public void Push(int thread, int group) => Push(thread, group, Interlocked.Increment(ref _value));

    /// <summary>Pushes once more what was pushed to the group last, as long as only one thread pushes to it.</summary>
    public void PushTheSame(int thread, int group) => Push(thread, group, _last[group]);

    /// <summary>Pushes one series more than usual: not steady, nor is the next usual push.</summary>
    public void PushMore(int thread, int group) => Push(thread, group, Interlocked.Increment(ref _value), Series + 1);

    private void Push(int thread, int group, long value, int series = Series)
    {
        _last[group] = value;
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, series).Select(i => string.Create(CultureInfo.InvariantCulture, $"v{i:d2}{s_series[group]} {value}\n"))));
        long called = Interlocked.Increment(ref _time);
        PushOutcome outcome = Store.Push(s_keys[group], PushFormat.Text, body, PushMode.Replace);
        long returned = Interlocked.Increment(ref _time);
        if (outcome.Status == PushStatus.Stored)
        {
            _events.Enqueue(new Event(thread, Kind.Push, group, value, null, called, returned));
        }
        else
        {
            _events.Enqueue(new Event(thread, Kind.Refused, group, 0, null, called, returned));
            _events.Enqueue(new Event(thread, Kind.Mark, group, 0, null, called, returned));
        }
    }

    public void Delete(int thread, int group)
    {
        long called = Interlocked.Increment(ref _time);
        bool was = Store.Delete(s_keys[group]);
        _events.Enqueue(new Event(thread, Kind.Delete, group, was ? 1 : 0, null, called, Interlocked.Increment(ref _time)));
    }

    public void Wipe(int thread)
    {
        long called = Interlocked.Increment(ref _time);
        int count = Store.Wipe();
        _events.Enqueue(new Event(thread, Kind.Wipe, 0, count, null, called, Interlocked.Increment(ref _time)));
    }

    public void View(int thread)
    {
        long[] seen = new long[Groups];
        long called = Interlocked.Increment(ref _time);
        using StoreView view = Store.OpenView();
        long returned = Interlocked.Increment(ref _time);
        for (int round = 0; round < 2; round++)
        {
            // Others may go on between the view and what is read of it.
            Interleaving.At(Step.ReadSlot);
            foreach (GroupSnapshot group in view.Groups)
            {
                int at = Array.IndexOf(s_keys, group.Key);
                long value = Read(group);
                if (value == long.MinValue || (round > 0 && value != seen[at]))
                {
                    _wrong.Enqueue($"a view shows of group {at}: {Text(group)}");
                }

                seen[at] = value;
            }
        }

        _events.Enqueue(new Event(thread, Kind.View, 0, 0, seen, called, returned));
    }

    /// <summary>Takes from the feed. Only one thread does that. What was answered before must be in it.</summary>
    public void Take()
    {
        if (_feed is null)
        {
            return;
        }

        Event[] before = [.. _events];
        long called = Interlocked.Increment(ref _time);
        var changes = new List<GroupChange>();
        _feed.Take(changes);
        foreach (GroupChange change in changes)
        {
            int group = Array.IndexOf(s_keys, change.Key);
            long value = change.Snapshot is { } snapshot ? Read(snapshot) : SequentialModel.Absent;
            _reported[group] = value;
            if (change.Snapshot is not null)
            {
                _taken.Add((change.Snapshot, group, value));
            }
        }

        // A push that was over when it was asked is in it, or something later; at least nothing that was over before that push began.
        foreach (Event push in before.Where(e => e.Kind == Kind.Push && e.Returned < called))
        {
            long reported = _reported.GetValueOrDefault(push.Group, long.MinValue);
            bool isStale = reported != push.Value
                && ((reported > 0 && reported == Initial[push.Group]) || before.Any(e => e.Kind == Kind.Push && e.Group == push.Group && e.Value == reported && e.Returned < push.Called));
            if (reported == long.MinValue || isStale)
            {
                _wrong.Enqueue($"the feed has {reported} of group {push.Group}, although {push} was over when it was asked");
            }
        }
    }

    /// <summary>When all is over: what is wrong with what was seen, or null.</summary>
    public string? Check()
    {
        View(99);
        long[] last = _events.Last().Seen!;
        if (_feed is not null)
        {
            Take();
            for (int group = 0; group < Groups; group++)
            {
                if (_reported.GetValueOrDefault(group) != last[group])
                {
                    _wrong.Enqueue($"the feed has {_reported.GetValueOrDefault(group)} of group {group}, the store {last[group]}");
                }
            }

            if (_feed.Pending != 0)
            {
                _wrong.Enqueue($"{_feed.Pending} changes are pending after all were taken");
            }

            foreach ((GroupSnapshot snapshot, int group, long value) in _taken)
            {
                if (Read(snapshot) != value || value == long.MinValue)
                {
                    _wrong.Enqueue($"what was taken of group {group} as {value} has become {Text(snapshot)}");
                }
            }

            _taken.Clear();
        }

        return _wrong.TryPeek(out string? wrong) ? wrong : Linearizability.Check([.. _events], Initial, Rivals);
    }

    private static long Read(GroupSnapshot group)
    {
        long value = SequentialModel.Bare;
        int lines = 0;
        foreach (ref readonly FamilyEntry entry in group.Families)
        {
            if (OwnNames.IsEither(entry.Name.Span))
            {
                continue;
            }

            lines++;
            ReadOnlySpan<byte> line = entry.Text.Span;
            ReadOnlySpan<byte> digits = line[(line.LastIndexOf((byte)' ') + 1)..];
            if (!line.StartsWith(entry.Name.Span) || digits.IsEmpty || !double.TryParse(digits[..^1], CultureInfo.InvariantCulture, out double read) || (value >= 0 && value != (long)read))
            {
                return long.MinValue;
            }

            value = (long)read;
        }

        return lines is 0 or Series or Series + 1 ? value : long.MinValue;
    }

    private static string Text(GroupSnapshot group) => string.Concat(group.Families.ToArray().Select(static entry => Encoding.UTF8.GetString(entry.Text.Span)));
}
