using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>
/// A store with clients that write down what they do and see. All series of a group show one value, and so do its extra series, which are
/// only posted; no two pushes show the same, unless they are meant to. So whatever is no value of one push is seen at once. Groups 0 and 1
/// are rivals: they have a series in common, so only one of them can have series.
/// </summary>
internal sealed class Recorder
{
    public const int Groups = 4;
    public const int Threads = 4;

    // Enough for blocks that are used again; few where each is shown again in a step of its own.
    private const int ManySeries = 24;
    private const int FewSeries = 3;
    private const int ExtraSeries = 10;

    // What pushes ask for where groups are mortal, and by how much the clock goes on.
    private const int ExpireAfter = 5;
    private const int TickSeconds = 10;
    private const long Rubbish = long.MinValue;
    private const long HiddenValue = 1000;

    public static readonly int[] Rivals = [1, 0, -1, -1];

    private static readonly GroupingKey[] s_keys = [
        Harness.Key("job", "a"), Harness.Key("job", "a", "instance", "i"), Harness.Key("job", "b"), Harness.Key("job", "c")];
    private static readonly string[] s_series = [.. Enumerable.Range(0, Groups)
        .Select(static group => group == 0 ? "{instance=\"i\",padding=\"0123456789\"}" : "{padding=\"0123456789\"}")];

    private readonly ConcurrentQueue<Event> _events = [];
    private readonly ConcurrentQueue<string> _wrong = [];
    private readonly List<(GroupSnapshot Snapshot, int Group, (long, long) Values)> _taken = [];
    private readonly Dictionary<int, (long Value, long Extra)> _reported = [];
    private readonly ChangeFeed? _feed;
    private readonly StepClock _clock;
    private readonly bool _mortal;
    private readonly bool _checked;
    private readonly FamilyEntry[][] _saved = new FamilyEntry[Groups][];
    private readonly long[] _savedValue = new long[Groups];
    private readonly bool[] _pushed = new bool[Groups];
    private readonly long[,] _last = new long[Threads, Groups];
    private readonly ConcurrentDictionary<long, bool> _repeated = [];
    private long _time;
    private long _value;

    /// <summary>Makes a store.</summary>
    /// <param name="withFeed">Whether somebody follows it.</param>
    /// <param name="mortal">Whether groups expire if the clock goes on.</param>
    /// <param name="check">If not, what repeats a rival is hidden. When it is shown again is no step of a model: no order is looked
    /// for.</param>
    public Recorder(bool withFeed, bool mortal = false, bool check = true)
    {
        _mortal = mortal;
        _checked = check;
        _clock = new StepClock(mortal);
        Store = new MetricStore(new StoreOptions
        {
            Time = _clock,
            CheckConsistency = check,
            ExpiredGrace = TimeSpan.FromSeconds(SequentialModel.Grace)
        });
        _feed = withFeed ? Store.Subscribe() : null;
    }

    public MetricStore Store { get; }

    public long[] Initial { get; private set; } = new long[SequentialModel.Size(Groups).All];

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

    /// <summary>Pushes once to some groups: the next push makes a shape.</summary>
    public void WarmOnce(params ReadOnlySpan<int> groups)
    {
        foreach (int group in groups)
        {
            Push(0, group);
        }

        Begin();
    }

    /// <summary>
    /// Gives some groups extra series, and posts so often to them that the next are steady ones, with blocks of two pushes.
    /// </summary>
    public void WarmMerges(params ReadOnlySpan<int> groups)
    {
        foreach (int group in groups)
        {
            Extra(0, group);
            for (int i = 0; i < 4; i++)
            {
                Merge(0, group);
            }
        }

        Begin();
    }

    /// <summary>A new history from here on. Nothing must be going on.</summary>
    public void Begin()
    {
        View(0);
        Take();
        long[] seen = _events.Last(static e => e.Kind == Kind.View).Seen!;
        Initial = [.. seen, .. seen.Take(Groups).Select(value => _mortal && value != SequentialModel.Absent ? (long)ExpireAfter : 0)];
        _events.Clear();
    }

    public void Push(int thread, int group) => Push(thread, group, Kind.Push, Next(), Series);

    /// <summary>Pushes once more what the thread has pushed to the group last.</summary>
    public void PushTheSame(int thread, int group)
    {
        _repeated[_last[thread, group]] = true;
        Push(thread, group, Kind.Push, _last[thread, group], Series);
    }

    /// <summary>Pushes one series more than usual: not steady, nor is the next usual push.</summary>
    public void PushMore(int thread, int group) => Push(thread, group, Kind.Push, Next(), Series + 1);

    /// <summary>Posts the usual series.</summary>
    public void Merge(int thread, int group) => Push(thread, group, Kind.Merge, Next(), Series);

    /// <summary>Posts the extra series.</summary>
    public void Extra(int thread, int group) => Push(thread, group, Kind.Extra, Next(), ExtraSeries);

    /// <summary>A push that is refused whatever is there.</summary>
    public void PushBroken(int thread, int group) => Push(thread, group, Kind.Mark, 0, Series);

    /// <summary>Remembers a group, which has no extra series, as a durable copy does.</summary>
    public void Save(int group)
    {
        using StoreView view = Store.OpenView();
        GroupSnapshot snapshot = view.Groups.ToArray().Single(shown => shown.Key == s_keys[group]);
        _saved[group] = [.. snapshot.Families.ToArray().Select(
            static entry => entry with { Name = entry.Name.ToArray(), Text = entry.Text.ToArray(), Sidecar = entry.Sidecar.ToArray() })];
        _savedValue[group] = Read(snapshot).Value;
    }

    /// <summary>Puts the group back in place of what is there, as if it were pushed; but no feed is told.</summary>
    public void Restore(int thread, int group)
    {
        long called = Call();
        Store.Restore(s_keys[group], _saved[group]);
        _events.Enqueue(new Event(thread, Kind.Push, group, _savedValue[group], null, called, Interlocked.Increment(ref _time)));
    }

    private int Series => _checked ? ManySeries : FewSeries;

    private long Next() => Interlocked.Increment(ref _value);

    private void Push(int thread, int group, Kind kind, long value, int series)
    {
        _last[thread, group] = kind == Kind.Push ? value : _last[thread, group];
        _pushed[group] = true;
        string timestamp = kind == Kind.Mark ? " 1000" : "";
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, series)
            .Select(i => string.Create(CultureInfo.InvariantCulture,
                $"{(kind == Kind.Extra ? 'w' : 'v')}{i:d2}{s_series[kind == Kind.Extra ? 2 : group]} {value}{timestamp}\n"))));
        long called = Call();
        PushOutcome outcome = Store.Push(
            s_keys[group], PushFormat.Text, body, kind is Kind.Merge or Kind.Extra
                ? PushMode.Merge
                : PushMode.Replace, new PushDetails(_mortal ? TimeSpan.FromSeconds(ExpireAfter) : null));
        long returned = Interlocked.Increment(ref _time);
        long deadline = _mortal ? StepClock.LastRead + ExpireAfter : 0;
        Event? expiry = Expire(thread, called, returned, group);
        if (outcome.Status is PushStatus.Stored or PushStatus.Accepted)
        {
            _events.Enqueue(new Event(thread, kind, group, value, null, called, returned) { Time = deadline, After = expiry });
            return;
        }

        if (kind != Kind.Mark)
        {
            _events.Enqueue(new Event(thread, Kind.Refused, group, 0, null, called, returned) { After = expiry });
        }

        _events.Enqueue(new Event(thread, Kind.Mark, group, 0, null, called, returned) { Time = deadline, After = expiry });
    }

    public void Delete(int thread, int group)
    {
        long called = Call();
        bool was = Store.Delete(s_keys[group]);
        long returned = Interlocked.Increment(ref _time);
        _events.Enqueue(
            new Event(thread, Kind.Delete, group, was ? 1 : 0, null, called, returned) { After = Expire(thread, called, returned) });
    }

    public void Wipe(int thread)
    {
        long called = Call();
        int count = Store.Wipe();
        long returned = Interlocked.Increment(ref _time);
        _events.Enqueue(new Event(thread, Kind.Wipe, 0, count, null, called, returned) { After = Expire(thread, called, returned) });
    }

    /// <summary>Lets the clock go on, so that what was pushed so far is due.</summary>
    public void Tick()
    {
        Explored.Step(Steps.ReadClock);
        _clock.Advance(TickSeconds);
    }

    /// <summary>Lets expire what is due, as a timer does.</summary>
    public void Sweep(int thread)
    {
        long called = Call();
        _clock.Ring();
        Expire(thread, called, Interlocked.Increment(ref _time));
    }

    public void View(int thread)
    {
        long[] seen = new long[SequentialModel.Size(Groups).Seen];
        long called = Call();
        using StoreView view = Store.OpenView();
        long returned = Interlocked.Increment(ref _time);
        Event? expiry = Expire(thread, called, returned);
        for (int round = 0; round < 2; round++)
        {
            // Others may go on between the view and what is read of it.
            Explored.Step(Steps.ReadSlot);
            var shown = new HashSet<string>();
            foreach (GroupSnapshot group in view.Groups)
            {
                int at = Array.IndexOf(s_keys, group.Key);
                (long Value, long Extra) values = Read(group);
                if (values.Value == Rubbish || (round > 0 && values != (seen[at], seen[Groups + at])))
                {
                    _wrong.Enqueue($"a view shows of group {at}: {Text(group)}");
                }

                (seen[at], seen[Groups + at]) = values;
                if (Rivals[at] >= 0 && group.Families.ToArray().Any(entry => entry.Name.Span[0] == 'v'
                    && (entry.Traits & FamilyTraits.Hidden) == 0 && !shown.Add(Encoding.UTF8.GetString(entry.Name.Span))))
                {
                    _wrong.Enqueue($"a view shows of both rivals: {string.Join(' ', shown)}");
                }
            }
        }

        _events.Enqueue(new Event(thread, Kind.View, 0, 0, seen, called, returned) { After = expiry });
    }

    /// <summary>Reads one group. Only where groups neither come nor go, for of that a read may know before a view does.</summary>
    public void ReadOne(int thread, int group)
    {
        (long Value, long Extra) values = default;
        long called = Call();
        Store.Reads.TryRead(
            s_keys[group],
            0,
            (snapshot, _) =>
            {
                values = Read(snapshot);
                Explored.Step(Steps.ReadSlot);
                if (values.Value == Rubbish || Read(snapshot) != values)
                {
                    _wrong.Enqueue($"a read shows of group {group} first {values}, then {Text(snapshot)}");
                }

                return 0;
            },
            out _);
        _events.Enqueue(
            new Event(thread, Kind.Read, group, values.Value, [values.Extra], called, Interlocked.Increment(ref _time)));
    }

    private long Call()
    {
        _clock.Begin();
        return Interlocked.Increment(ref _time);
    }

    // What an operation lets expire before it goes on. One that is for a group may let others expire, but need not. Returns
    // the last step.
    private Event? Expire(int thread, long called, long returned, int only = -1)
    {
        long at = StepClock.LastRead;
        Event? last = null;
        for (int group = 0; _mortal && group < Groups; group++)
        {
            if (_pushed[group])
            {
                bool optional = only >= 0 && group != only;
                var expiry = new Event(thread, Kind.Expire, group, 0, null, called, returned)
                { Time = at, IsOptional = optional, After = optional ? null : last };
                last = optional ? last : expiry;
                _events.Enqueue(expiry);
            }
        }

        return last;
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
        var changes = new List<FeedChange>();
        _feed.Take(changes);
        foreach (FeedChange change in changes)
        {
            int group = Array.IndexOf(s_keys, change.Key);
            (long, long) values = change.Snapshot is { } snapshot ? Read(snapshot) : (SequentialModel.Absent, 0);
            _reported[group] = values;
            if (change.Snapshot is not null)
            {
                _taken.Add((change.Snapshot, group, values));
            }
        }

        // A push that was over when it was asked is in it, or something later; at least nothing that was over before that push began.
        foreach (Event push in before.Where(e => e.Kind is Kind.Push or Kind.Merge or Kind.Extra && e.Returned < called))
        {
            bool isExtra = push.Kind == Kind.Extra;
            bool isKnown = _reported.TryGetValue(push.Group, out (long Value, long Extra) values);
            long reported = isExtra ? values.Extra : values.Value;
            bool isStale = reported != push.Value && !_repeated.ContainsKey(reported)
                && ((reported > 0 && reported == Initial[push.Group + (isExtra ? Groups : 0)])
                    || before.Any(e => e.Kind is Kind.Push or Kind.Merge or Kind.Extra && (e.Kind == Kind.Extra) == isExtra
                        && e.Group == push.Group && e.Value == reported && e.Returned < push.Called));
            if (!isKnown || isStale)
            {
                _wrong.Enqueue($"the feed has {reported} of group {push.Group}, although {push} was over when it was asked");
            }
        }
    }

    /// <summary>When all is over: what is wrong with what was seen, or null.</summary>
    public string? Check()
    {
        View(99);
        if (_feed is not null && _wrong.IsEmpty)
        {
            long[] last = _events.Last().Seen!;
            Take();
            for (int group = 0; group < Groups; group++)
            {
                if (_reported.GetValueOrDefault(group) != (last[group], last[Groups + group]))
                {
                    _wrong.Enqueue(
                        $"the feed has {_reported.GetValueOrDefault(group)} of group {group}, the store "
                        + $"{(last[group], last[Groups + group])}");
                }
            }

            if (_feed.Pending != 0)
            {
                _wrong.Enqueue($"{_feed.Pending} changes are pending after all were taken");
            }

            foreach ((GroupSnapshot snapshot, int group, (long Value, long Extra) values) in _taken)
            {
                if (Read(snapshot) != values || values.Value == Rubbish)
                {
                    _wrong.Enqueue($"what was taken of group {group} as {values} has become {Text(snapshot)}");
                }
            }

            _taken.Clear();
        }

        if (!_checked && _wrong.IsEmpty)
        {
            long[] last = _events.Last().Seen!;

            // Either may show some of what both have.
            bool each = last[0] <= -HiddenValue && last[1] <= -HiddenValue && (-last[0] % HiddenValue) + (-last[1] % HiddenValue) == Series;
            if (!each && ((last[0] <= -HiddenValue && last[1] <= 0) || (last[1] <= -HiddenValue && last[0] <= 0)))
            {
                _wrong.Enqueue($"hidden without need: {last[0]} and {last[1]}");
            }
        }

        return _wrong.TryPeek(out string? wrong) ? wrong : _checked ? Linearizability.Check([.. _events], Initial, Rivals) : null;
    }

    // The value of a group's series, and that of its extra ones.
    private (long Value, long Extra) Read(GroupSnapshot group)
    {
        long value = SequentialModel.Bare;
        long extra = 0;
        (int lines, int extras) = (0, 0);
        foreach (ref readonly FamilyEntry entry in group.Families)
        {
            ReadOnlySpan<byte> name = entry.Name.Span;
            ReadOnlySpan<byte> line = entry.Text.Span;
            ReadOnlySpan<byte> digits = line[(line.LastIndexOf((byte)' ') + 1)..];
            if (!line.StartsWith(name) || digits.IsEmpty || !double.TryParse(digits[..^1], CultureInfo.InvariantCulture, out double read))
            {
                return (Rubbish, Rubbish);
            }

            if (BuiltInFamilies.IsEither(name))
            {
                continue;
            }

            if (name.SequenceEqual(BuiltInFamilies.Expired))
            {
                return group.Families.Length == BuiltInFamilies.Count + 1
                    && group.IsExpired ? (SequentialModel.Expired, 0) : (Rubbish, Rubbish);
            }

            ref long shown = ref (name[0] == 'w' ? ref extra : ref value);
            ref int count = ref (name[0] == 'w' ? ref extras : ref lines);
            if (count++ > 0 && shown != (long)read)
            {
                return (Rubbish, Rubbish);
            }

            shown = (long)read;
        }

        if ((lines != 0 && lines != Series && lines != Series + 1) || extras is not (0 or ExtraSeries) || group.IsExpired)
        {
            return (Rubbish, Rubbish);
        }

        // What is hidden of it shows in the value.
        return (group.Hidden.IsEmpty ? value : -(HiddenValue * value) - group.Hidden.Length, extra);
    }

    private static string Text(GroupSnapshot group) =>
        string.Concat(group.Families.ToArray().Select(static entry => Encoding.UTF8.GetString(entry.Text.Span)));
}
