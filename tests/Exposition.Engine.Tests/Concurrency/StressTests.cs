using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
#if EXPLORED
using Exposition.Engine.Explore;
#endif
using Exposition.Formats;

namespace Exposition.Engine.Tests.Concurrency;

// Each pusher pushes the numbers 1, 2, 3, ... to its groups, each number to one group after the other, as the value of all series. So in
// every view:
//   - all series of a group show one number,
//   - of a pusher's groups none shows a greater number than one before it, and none a number that is smaller by more than one,
//   - what one reader sees of a group never decreases,
// as far as a group is there: groups are deleted, wiped, and expire meanwhile.

/// <summary>
/// Everything at once, for a while, with a garbage collector that never rests; and in the explorer's build with memory that is filled with
/// garbage before it is used again.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class StressTests
{
    private const int Pushers = 3;
    private const int GroupsEach = 4;
    private const int Lines = 40;

    // Long runs by hand.
    private static readonly double s_seconds = double.TryParse(
        Environment.GetEnvironmentVariable("EXPOSITION_STRESS_SECONDS"), out double seconds) ? seconds : 10;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    [Fact]
    public void Nothing_is_ever_seen_that_was_not_pushed()
    {
        var stress = new Stress(isFaulty: false, TimeSpan.FromSeconds(s_seconds));
        string? wrong = stress.Run();
        Assert.True(wrong is null, wrong);
        TestContext.Current.SendDiagnosticMessage(
            $"{stress.Pushes} pushes, {stress.Store.RepeatedPushes} of them steady, {stress.Views} views, {stress.Changes} changes taken, "
            + $"{stress.Store.Expiries} expiries, {stress.Collections} collections");
        Assert.True(stress.IsEnough, "too little has happened");
    }

#if EXPLORED
    [Theory]
    [InlineData(StoreFaults.StampsLate)]
    [InlineData(StoreFaults.ReusesBlocksBlindly)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly)]
    [InlineData(StoreFaults.IgnoresStamps)]
    [InlineData(StoreFaults.TakesSilently)]
    internal void A_fault_is_found(StoreFaults fault)
    {
        using IDisposable planted = Explored.Plant(fault);
        Assert.NotNull(new Stress(isFaulty: true, s_patience).Run());
    }
#endif

    private sealed class Stress(bool isFaulty, TimeSpan limit)
    {
        private readonly GroupingKey[][] _keys =
            [.. Enumerable.Range(0, Pushers).Select(static pusher => Enumerable.Range(0, GroupsEach)
                .Select(group => Harness.Key("job", $"p{pusher}", "group", $"g{group}")).ToArray())];

        private readonly long _started = Stopwatch.GetTimestamp();
        private string? _wrong;

        public long Pushes;
        public long Views;
        public long Changes;
        public long Collections;

        // Expired groups go soon, so that also the end of the grace is met.
        public MetricStore Store { get; } = new(new StoreOptions { ExpiredGrace = TimeSpan.FromMilliseconds(30) });

        public bool IsEnough => Views > 50 && Store.RepeatedPushes > 200 && Changes > 50 && Collections > 10 && Store.Expiries > 0;

        // On a busy machine it takes longer until enough has happened to say something.
        private bool IsOver => Volatile.Read(ref _wrong) is not null
            || (Stopwatch.GetElapsedTime(_started) is var elapsed && elapsed > limit
                && (isFaulty || IsEnough || elapsed > limit + s_patience));

        public string? Run()
        {
            ChangeFeed feed = Store.Subscribe();
            Action[] actions =
            [
                .. Enumerable.Range(0, Pushers).Select<int, Action>(pusher => () => Push(pusher)), Destroy, ReadViews, ReadScrapes, () =>
                    Follow(feed), Collect,
            ];
            Thread[] threads = [.. actions.Select(action => new Thread(() =>
            {
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    Volatile.Write(ref _wrong, e.ToString());
                }
            }))];
            Array.ForEach(threads, static thread => thread.Start());
            Array.ForEach(threads, static thread => thread.Join());
            return _wrong;
        }

        private void Push(int pusher)
        {
            var random = new Random(pusher);
            for (int value = 1; !IsOver; value++)
            {
                byte[] body = Encoding.UTF8.GetBytes(string.Concat(
                    Enumerable.Range(0, Lines).Select(line => string.Create(CultureInfo.InvariantCulture, $"v{line} {value}\n"))));
                foreach (GroupingKey key in _keys[pusher])
                {
                    // Of the last pusher's groups some die of their own accord, and others are saved at the last moment.
                    TimeSpan? expire = pusher < Pushers - 1
                        ? null
                        : random.Next(8) == 0 ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(random.Next(1, 8));
                    PushOutcome outcome = Store.Push(key, PushFormat.Text, body, PushMode.Replace, new PushDetails(expire));
                    if (outcome.Status != PushStatus.Stored)
                    {
                        throw new InvalidOperationException(outcome.Error);
                    }

                    Interlocked.Increment(ref Pushes);
                }

                if (pusher == Pushers - 1 && value % 16 == 0)
                {
                    Thread.Sleep(random.Next(10));
                }
            }
        }

        private void Destroy()
        {
            var random = new Random(0);
            while (!IsOver)
            {
                Thread.Sleep(random.Next(20));
                if (random.Next(10) == 0)
                {
                    Store.Wipe();
                }
                else
                {
                    Store.Delete(_keys[random.Next(Pushers)][random.Next(GroupsEach)]);
                }
            }
        }

        private void ReadViews()
        {
            long[] last = new long[Pushers * GroupsEach];
            var random = new Random(0);
            while (!IsOver)
            {
                long now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
                using StoreView view = Store.OpenView();
                if (random.Next(4) == 0)
                {
                    Thread.Sleep(random.Next(5));
                }

                long[] seen = new long[last.Length];
                foreach (GroupSnapshot group in view.Groups)
                {
                    // A pusher may be held up for longer than its group has to live; but not for that long.
                    if (group is { IsExpired: false, ExpiresAt: > 0 } && group.ExpiresAt <= now - 1_000_000_000)
                    {
                        throw new InvalidOperationException($"{group.Key} has expired at {group.ExpiresAt}, and is shown at {now}");
                    }

                    foreach (ref readonly FamilyEntry entry in group.Families)
                    {
                        if (entry.Name.Span.StartsWith("v"u8))
                        {
                            See(seen, Encoding.UTF8.GetString(entry.Text.Span)[..^1]);
                        }
                    }
                }

                Check(seen, last);
            }
        }

        private void ReadScrapes()
        {
            long[] last = new long[Pushers * GroupsEach];
            var output = new ArrayBufferWriter<byte>();
            while (!IsOver)
            {
                output.ResetWrittenCount();
                using (var scrape = new Scrape(Store, null, ScrapeFormat.Text, EscapingScheme.Underscores))
                {
                    while (scrape.WriteNext(output, 512))
                    {
                        Thread.Yield();
                    }
                }

                long[] seen = new long[last.Length];
                foreach (string line in Encoding.UTF8.GetString(output.WrittenSpan).Split('\n').Where(static line => line.StartsWith('v')))
                {
                    See(seen, line);
                }

                Check(seen, last);
            }
        }

        // v7{group="g3",instance="",job="p0"} 17
        private static void See(long[] seen, string line)
        {
            int group = line[line.IndexOf("group=\"g", StringComparison.Ordinal) + 8] - '0';
            int pusher = line[line.IndexOf("job=\"p", StringComparison.Ordinal) + 6] - '0';
            long value = (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
            ref long at = ref seen[(pusher * GroupsEach) + group];
            if (at != 0 && at != value)
            {
                throw new InvalidOperationException($"{at} and {value} in one group: {line}");
            }

            at = value;
        }

        private void Check(long[] seen, long[] last)
        {
            for (int i = 0; i < seen.Length; i++)
            {
                if (seen[i] == 0)
                {
                    continue;
                }

                for (int j = i + 1; j / GroupsEach == i / GroupsEach; j++)
                {
                    if (seen[j] != 0 && (seen[j] > seen[i] || seen[j] < seen[i] - 1))
                    {
                        throw new InvalidOperationException($"no point in time: {string.Join(' ', seen)}");
                    }
                }

                if (seen[i] < last[i])
                {
                    throw new InvalidOperationException($"{seen[i]} after {last[i]}");
                }

                last[i] = seen[i];
            }

            Interlocked.Increment(ref Views);
        }

        // Holds what it has taken for a while, as one who writes it to a disk.
        private void Follow(ChangeFeed feed)
        {
            var held = new Queue<(GroupSnapshot Snapshot, byte[] Content)>();
            var versions = new Dictionary<GroupingKey, long>();
            var changes = new List<FeedChange>();
            while (!IsOver)
            {
                changes.Clear();
                feed.Take(changes);
                foreach (FeedChange change in changes)
                {
                    if (change.Version <= versions.GetValueOrDefault(change.Key))
                    {
                        throw new InvalidOperationException($"{change.Key} at {change.Version} after {versions[change.Key]}");
                    }

                    versions[change.Key] = change.Version;
                    if (change.Snapshot is { } snapshot)
                    {
                        held.Enqueue((snapshot, Content(snapshot)));
                    }
                }

                Changes += changes.Count;
                Thread.Sleep(1);
                while (held.Count > 100)
                {
                    (GroupSnapshot snapshot, byte[] content) = held.Dequeue();
                    if (!Content(snapshot).AsSpan().SequenceEqual(content))
                    {
                        throw new InvalidOperationException(
                            $"what was taken has changed: {Encoding.UTF8.GetString(content)}\nnow: "
                            + $"{Encoding.UTF8.GetString(Content(snapshot))}");
                    }
                }
            }
        }

        private static byte[] Content(GroupSnapshot snapshot)
        {
            var content = new ArrayBufferWriter<byte>();
            foreach (ref readonly FamilyEntry entry in snapshot.Families)
            {
                content.Write(entry.Text.Span);
            }

            return content.WrittenSpan.ToArray();
        }

        private void Collect()
        {
            for (int i = 0; !IsOver; i++)
            {
                GC.Collect(i % 3, GCCollectionMode.Forced, blocking: true, compacting: i % 3 == 2);
                Collections++;
                Thread.Sleep(2);
            }
        }
    }
}
