using Exposition.Replication.Waiting;

namespace Exposition.Replication.Tests.Log;

/// <summary>What an engine keeps: the newest entry of each subject, with a revision. What may happen to it is told by tests.</summary>
internal sealed class MemoryEngine(TimeProvider time)
{
    // A simulation has one thread; the contract's tests have several.
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, Stored> _entries = [];
    private readonly Dictionary<string, long> _newest = [];
    private readonly List<Promise<bool>> _waiting = [];
    private readonly List<(long Revision, LogEntry Entry)> _history = [];
    private int _incarnations = 1;

    public int MaxBytes { get; set; } = 1 << 20;

    public string Incarnation => $"memory-{_incarnations}";

    public long LastRevision { get; private set; }

    /// <summary>Whether it can be reached.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>All that was ever committed, in its order.</summary>
    public IReadOnlyList<(long Revision, LogEntry Entry)> History => _history;

    // A fault that no engine may have.
    public bool IgnoresExpectations { get; set; }

    /// <summary>Commits, if the subject is as expected.</summary>
    public Appended Commit(in LogEntry entry, long? expected, TimeSpan? timeToLive, bool isWipe)
    {
        if (entry.Body.Length > MaxBytes)
        {
            return new Appended(AppendOutcome.TooLarge);
        }

        using Lock.Scope held = _gate.EnterScope();
        Expire();
        long newest = _newest.GetValueOrDefault(entry.Subject);
        if (expected is { } revision && revision != newest && !IgnoresExpectations)
        {
            return new Appended(AppendOutcome.Conflict, newest);
        }

        if (isWipe)
        {
            _entries.Clear();
            _newest.Clear();
        }
        else
        {
            _entries.Remove(newest);
        }

        LastRevision++;
        DateTimeOffset? until = timeToLive is { } left ? time.GetUtcNow() + left : null;
        LogEntry stored = entry with { Body = entry.Body.ToArray() };
        _history.Add((LastRevision, stored));
        _entries.Add(LastRevision, new Stored(stored, until));
        _newest[entry.Subject] = LastRevision;
        Wake();
        return new Appended(AppendOutcome.Committed, LastRevision);
    }

    /// <summary>The first entry behind a revision.</summary>
    public LogEvent? Next(long after)
    {
        using Lock.Scope held = _gate.EnterScope();
        Expire();
        foreach ((long revision, Stored stored) in _entries)
        {
            if (revision > after)
            {
                return new LogEvent(LogEventKind.Entry, revision, stored.Entry);
            }
        }

        return null;
    }

    public LogEvent? Find(string subject)
    {
        using Lock.Scope held = _gate.EnterScope();
        Expire();
        return _newest.TryGetValue(subject, out long revision)
            ? new LogEvent(LogEventKind.Entry, revision, _entries[revision].Entry) : null;
    }

    public LogStamp[] Stamps()
    {
        using Lock.Scope held = _gate.EnterScope();
        Expire();
        return [.. _entries.Select(static pair => new LogStamp(
            pair.Value.Entry.Subject, pair.Key, pair.Value.Entry.Operation, pair.Value.Entry.Stamp))];
    }

    /// <summary>Waits until something has changed, or a second.</summary>
    public Task WaitAsync()
    {
        var promise = new Promise<bool>(late: false);
        using (_gate.EnterScope())
        {
            _waiting.Add(promise);
        }

        return promise.WaitAsync(TimeSpan.FromSeconds(1), time);
    }

    public void Wake()
    {
        Promise<bool>[] waiting;
        using (_gate.EnterScope())
        {
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(waiting, static promise => promise.Keep(true));
    }

    /// <summary>Its disk is gone: it begins anew.</summary>
    public void LoseAll()
    {
        _entries.Clear();
        _newest.Clear();
        LastRevision = 0;
        _incarnations++;
        Wake();
    }

    /// <summary>The newest entries are gone, and their revisions are given again. What they had replaced was forgotten before.</summary>
    public void LoseTail(int entries)
    {
        LastRevision = Math.Max(0, LastRevision - entries);
        foreach ((long revision, Stored stored) in _entries.Where(pair => pair.Key > LastRevision).ToArray())
        {
            _entries.Remove(revision);
            _newest.Remove(stored.Entry.Subject);
        }

        Wake();
    }

    private void Expire()
    {
        foreach ((long revision, Stored stored) in _entries.Where(pair => pair.Value.Until <= time.GetUtcNow()).ToArray())
        {
            _entries.Remove(revision);
            if (_newest.GetValueOrDefault(stored.Entry.Subject) == revision)
            {
                _newest.Remove(stored.Entry.Subject);
            }
        }
    }

    private readonly record struct Stored(LogEntry Entry, DateTimeOffset? Until);
}
