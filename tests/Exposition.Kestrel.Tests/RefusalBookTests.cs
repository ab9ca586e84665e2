using System.Diagnostics;
using System.Net;
using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Refusals;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Kestrel.Tests;

/// <summary>The last refusals are kept, each client and reason within its part, and never more than so much memory.</summary>
[Collection(nameof(Alone))]
public sealed class RefusalBookTests
{
    private static readonly ClientResolver s_clients = new([]);
    private readonly StoppedTime _time = new();
    private RefusalBook _book;

    public RefusalBookTests() => _book = new RefusalBook(_time);

    [Fact]
    public void Equal_ones_are_counted_in_one_with_the_times_of_the_first_and_the_last()
    {
        DateTimeOffset first = _time.GetUtcNow();
        for (int i = 0; i < 5; i++)
        {
            Note("10.0.0.1", "wrong");
            Note("10.0.0.2", "wrong too");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(
            [("10.0.0.2", 5L, first, first.AddSeconds(4)), ("10.0.0.1", 5L, first, first.AddSeconds(4))],
            _book.Read().OrderByDescending(static r => r.Address).Select(static r => (r.Address, r.Count, r.First, r.Last)));

        // Another group, reason or status is another entry, and what was before the last of its kind is not found again.
        Note("10.0.0.1", "something else");
        Note("10.0.0.1", "wrong");
        Note("10.0.0.1", "wrong", job: "other");
        Note("10.0.0.1", "wrong", status: 415);
        Assert.Equal([1, 1, 1, 1, 5], _book.Read().Where(static r => r.Address == "10.0.0.1").Select(static r => r.Count));
    }

    [Fact]
    public void What_is_told_of_a_refusal_is_all_there()
    {
        var caller = new Caller(new ClientResolver([IPNetwork.Parse("127.0.0.0/8")]), new IPEndPoint(IPAddress.Loopback, 7));
        caller.Take("/metrics/job/a?x=1"u8, "PUT / HTTP/1.1\r\nx-forwarded-for: 10.9.9.9, 10.1.2.3\r\nHost: h\r\n\r\n"u8, "ana");
        _book.Note(Answer.TooOften(3), caller, "PUT", GroupingKey.Create(("job", "a")));

        Assert.Equal(
            new RefusedRequest(
                _time.GetUtcNow(), _time.GetUtcNow(), 1, "127.0.0.1", "10.1.2.3", "ana", "PUT", "/metrics/job/a?x=1",
                GroupingKey.Create(("job", "a")), 429, "overload", "pushes-per-second", Answer.TooOften(3).Text!),
            Assert.Single(_book.Read()));

        // A peer that is not trusted may say what it likes.
        var liar = new Caller(s_clients, new IPEndPoint(IPAddress.Loopback, 7));
        liar.Take("/"u8, "PUT / HTTP/1.1\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n"u8, null);
        _book.Note(Answer.TooOften(3), liar, "PUT");
        Assert.Null(_book.Read()[0].Forwarded);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\n", "10.0.0.2")]
    [InlineData("X-Forwarded-For: 10.0.0.1,\r\n", "10.0.0.1")]
    [InlineData("X-Forwarded-For: unknown\r\n", null)]
    [InlineData("X-Forwarded-For: 10.0.0.1, 127.0.0.9\r\n", "10.0.0.1")]
    [InlineData("X-Forwarded-For: LONG, 2001:db8::1\r\n", "2001:db8::1")]
    [InlineData("X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: LONG10.0.0.2\r\n", "10.0.0.2")]
    public void A_trusted_proxy_says_for_whom_it_asks(string lines, string? expected)
    {
        var clients = new ClientResolver([IPNetwork.Parse("127.0.0.0/8")]);
        var caller = new Caller(clients, new IPEndPoint(IPAddress.Loopback, 7));
        lines = lines.Replace("LONG", string.Concat(Enumerable.Repeat("10.5.5.5, ", 200)), StringComparison.Ordinal);
        byte[] head = Encoding.ASCII.GetBytes($"PUT / HTTP/1.1\r\n{lines}\r\n");
        for (int i = 0; i < 2; i++)
        {
            caller.Take("/"u8, head, null);
            Assert.Equal(expected, caller.Forwarded?.ToString());
            Assert.Equal(clients.Of(caller.Peer, ForwardedFor.In(head)), ClientAddress.Of(caller.Forwarded ?? IPAddress.Loopback));
        }

        caller.Reset();
        Assert.Null(caller.Forwarded);
        Assert.Null(caller.Target);
    }

    [Fact]
    public void One_client_and_reason_holds_a_part_and_drives_out_nobody_else()
    {
        for (int client = 0; client < 6; client++)
        {
            Note($"10.0.0.{client}", "honest");
        }

        for (int i = 0; i < 10_000; i++)
        {
            Note("10.0.1.1", $"wrong {i}");
        }

        Assert.Equal(6 + RefusalBook.MostOfKind, _book.Read().Count);
        Assert.Equal(
            [.. Enumerable.Range(10_000 - RefusalBook.MostOfKind, RefusalBook.MostOfKind).Reverse().Select(static i => $"wrong {i}")],
            _book.Read().Where(static r => r.Address == "10.0.1.1").Select(static r => r.Reason).Order(new ByNumber()).Reverse());
        for (int client = 0; client < 1000; client++)
        {
            Note($"10.1.{client / 256}.{client % 256}", "from everywhere");
        }

        Assert.Equal(RefusalBook.Most, _book.Read().Count);
    }

    [Fact]
    public void Who_has_not_come_in_drives_out_nobody_who_has()
    {
        Note("10.0.0.1", "honest");
        for (int client = 0; client < 1000; client++)
        {
            var caller = new Caller(s_clients, new IPEndPoint(new IPAddress([10, 1, (byte)(client / 256), (byte)client]), 1));
            _book.Note(new Answer(401, "unknown credentials", Rejected: Rejection.Unauthorized), caller, "GET");
            _book.Note(Answer.HeadTooSlow, caller);
            _book.Note(Answer.MalformedTarget, caller);
        }

        Assert.Equal(1 + RefusalBook.MostOutside, _book.Read().Count);
        Assert.Equal("honest", _book.Read().Single(static r => r.Status == 400 && r.Method is not null).Reason);
    }

    [Fact]
    public void It_never_takes_more_than_two_MiB()
    {
        // What others leave meanwhile makes it less, never more: so the most of some rounds.
        long taken = 0;
        for (int round = 0; round < 5 && taken < 1 << 20; round++)
        {
            _book = new RefusalBook(_time);
            long before = SettledMemory();
            for (int i = 0; i < 2000; i++)
            {
                NoteLong(i);
            }

            taken = Math.Max(taken, SettledMemory() - before);
        }

        Assert.Equal(RefusalBook.Most + RefusalBook.MostOutside, _book.Read().Count);
        Assert.InRange(taken, 1 << 20, 2 << 20);
        Assert.All(_book.Read(), static r =>
        {
            Assert.InRange(r.Reason.Length, 1000, 1100);
            Assert.InRange(r.Path!.Length, 1000, 1100);
            Assert.InRange(r.Method!.Length, 1, 20);
            Assert.True(r.Group is null || r.Group.Bytes.Length <= 1024);
        });
    }

    // 50,000/s are 20 us each, and there is all the rest to do for each of them. In one process with what others do: the best of some.
    [Fact]
    public void Keeping_one_takes_a_small_part_of_what_a_refusal_costs()
    {
        Caller[] callers = [.. Enumerable.Range(0, 300).Select(static i =>
        {
            var caller = new Caller(s_clients, new IPEndPoint(new IPAddress([10, 0, (byte)(i / 256), (byte)i]), 1));
            caller.TakeTarget("/metrics/job/some_job/instance/some_instance"u8);
            return caller;
        })];
        GroupingKey group = GroupingKey.Create(("job", "some_job"));
        double best = double.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 2000; i++)
            {
                _book.Note(new Answer(400, "wrong"), callers[i % callers.Length], "PUT", group);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / 2000);
        }

        Assert.InRange(best, 0, 10);
    }

    [Property(MaxTest = 200)]
    public Property The_ring_holds_what_a_list_would() => Prop.ForAll(
        Gen.Zip(Gen.Choose(0, 4), Gen.Choose(0, 5)).ListOf().ToArbitrary(), steps =>
        {
            const int most = 6;
            const int mostOfKind = 3;
            var ring = new RefusalRing(most, mostOfKind);
            var model = new List<(int Client, int Reason, int Count)>();
            foreach ((int client, int reason) in steps)
            {
                ring.Add(Made(client, reason), _time.GetUtcNow());
                int last = model.FindLastIndex(entry => entry.Client == client);
                int count = 1;
                if (last >= 0 && model[last].Reason == reason)
                {
                    count += model[last].Count;
                    model.RemoveAt(last);
                }
                else if (model.Count(entry => entry.Client == client) == mostOfKind)
                {
                    model.RemoveAt(model.FindIndex(entry => entry.Client == client));
                }
                else if (model.Count == most)
                {
                    model.RemoveAt(0);
                }

                model.Add((client, reason, count));
            }

            Assert.Equal(
                model.Select(static entry => ($"{entry.Client}", $"{entry.Reason}", (long)entry.Count)),
                ring.Entries.ToArray().Select(static entry => (entry.What.User!, entry.What.Reason, entry.Count)));
        });

    // Apart, so that nothing of it is left on the stack.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private void NoteLong(int i)
    {
        string text = new('\u00e9', 100_000);
        var caller = new Caller(s_clients, new IPEndPoint(IPAddress.Parse($"2001:db8:{i:x}::1"), 1)) { Method = text };
        caller.TakeTarget(Encoding.UTF8.GetBytes(new string('a', 100_000)));
        _book.Note(
            new Answer(i % 3 == 0 ? 401 : 400, $"{i}{text}", Rejected: i % 3 == 0 ? Rejection.Unauthorized : Rejection.None), caller,
            group: GroupingKey.Create(("job", new string('x', i % 2 == 0 ? 1000 : 100_000))));
    }

    private static Refused Made(int client, int reason) => new(
        ClientAddress.Of(new IPAddress([10, 0, 0, (byte)client])), null, null, $"{client}", "PUT", "/", null, 400, Refusal.Malformed,
        Rejection.None, Limit.None, $"{reason}");

    private void Note(string address, string reason, string job = "a", int status = 400)
    {
        var caller = new Caller(s_clients, new IPEndPoint(IPAddress.Parse(address), Random.Shared.Next(60_000)));
        _book.Note(new Answer(status, reason, Why: Refusal.Malformed), caller, "PUT", GroupingKey.Create(("job", job)));
    }

    // What tests before have left goes bit by bit.
    private static long SettledMemory()
    {
        const int Still = 16 << 10;
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 50; i++)
        {
            GC.WaitForPendingFinalizers();
            long now = GC.GetTotalMemory(forceFullCollection: true);
            if (Math.Abs(now - memory) < Still)
            {
                return now;
            }

            memory = now;
        }

        return memory;
    }

    private sealed class ByNumber : IComparer<string>
    {
        public int Compare(string? x, string? y) => Number(x).CompareTo(Number(y));

        private static int Number(string? text) => int.Parse(text!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
