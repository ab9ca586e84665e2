using System.Text;
using Exposition.Engine;
using Exposition.Gateway.Hosting;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Kestrel.Logging;

namespace Exposition.Gateway.Tests;

/// <summary>When the garbage collector is asked, and what for; over a heap of the test's own.</summary>
public sealed class MemoryKeeperTests : IDisposable
{
    private const long Mebibyte = 1 << 20;

    // So many that there is something to collect; their blocks are not large for the garbage collector.
    private const int Groups = 800;

    // Looks: two a second.
    private const int Minute = 120;

    private static readonly byte[] s_body =
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 60).Select(static i => $"x{{l=\"{new string('a', 1000)}{i}\"}} 1\n")));

    private readonly MetricStore _store = new(new StoreOptions());
    private readonly Heap _heap = new();
    private readonly MemoryStream _log = new();
    private readonly LineLoggerProvider _provider;
    private readonly MemoryKeeper _keeper;
    private int _groups;

    public MemoryKeeperTests()
    {
        _provider = new LineLoggerProvider(LogTo.Stream(_log), LogFormat.Logfmt, TimeProvider.System, new LogBudget(TimeProvider.System));
        _keeper = new MemoryKeeper(_store, _heap, _provider.CreateLogger("Exposition.Gateway"));
    }

    public void Dispose()
    {
        _keeper.Dispose();
        _provider.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_deleted_or_wiped_is_collected_once_and_given_back_on_fresh_figures(bool wiped)
    {
        _heap.Figures = (1000 * Mebibyte, 1000 * Mebibyte);
        Push(Groups);
        Look(2);
        Assert.Equal((0, 0), (_heap.Collections, _heap.Compactions));
        if (wiped)
        {
            Wipe();
        }
        else
        {
            DeleteAll();
        }

        _heap.OnCollect = () => _heap.Figures = (20 * Mebibyte, 1000 * Mebibyte);
        Look(20 * 2);
        Assert.Equal((1, 1), (_heap.Collections, _heap.Compactions));
        Look(60 * Minute);
        Assert.Equal((1, 1), (_heap.Collections, _heap.Compactions));
    }

    [Fact]
    public void All_threads_are_not_stopped_for_long_nor_for_little()
    {
        (long Live, long Committed, int Compactions)[] peaks =
            [(600, 1100, 0), (600, 1300, 1), (2000, 9000, 1), (400, 440, 1), (20, 50, 1), (400, 500, 2)];
        foreach ((long live, long committed, int compactions) in peaks)
        {
            Push(Groups);
            Wipe();
            _heap.OnCollect = () => _heap.Figures = (live * Mebibyte, committed * Mebibyte);
            Look(20 * 2);
            Assert.Equal(compactions, _heap.Compactions);
        }
    }

    [Fact]
    public void A_steady_turnover_asks_for_a_collection_now_and_then()
    {
        _heap.OnCollect = () => _heap.Figures = (100 * Mebibyte, 250 * Mebibyte);
        for (int second = 0; second < 120; second++)
        {
            Push(Groups / 8);
            Wipe();
            Look(2);
        }

        Assert.InRange(_heap.Collections, 2, 4);
        Assert.Equal(0, _heap.Compactions);
    }

    [Fact]
    public void An_exception_is_told_and_the_next_look_tries_again()
    {
        Push(Groups);
        Wipe();
        _heap.OnCollect = () => throw new InvalidOperationException("no memory for this");
        Look(20 * 2);
        Assert.Contains(
            "level=error msg=\"cannot give memory back, tried again in ten seconds\" err=\"no memory for this\"",
            Encoding.UTF8.GetString(_log.ToArray()),
            StringComparison.Ordinal);
        _heap.OnCollect = () => _heap.Figures = (20 * Mebibyte, 1000 * Mebibyte);
        Look(20 * 2);
        Assert.Equal(1, _heap.Compactions);
    }

    private void Push(int groups)
    {
        for (int i = 0; i < groups; i++, _groups++)
        {
            var key = GroupingKey.Create(("job", "j"), ("i", $"{i}"));
            Assert.Equal(PushStatus.Stored, _store.Push(key, PushFormat.Text, s_body, PushMode.Replace).Status);
        }
    }

    private void Wipe()
    {
        Assert.Equal(_groups, _store.Wipe());
        _groups = 0;
    }

    private void DeleteAll()
    {
        for (; _groups > 0; _groups--)
        {
            _store.Delete(GroupingKey.Create(("job", "j"), ("i", $"{_groups - 1}")));
        }
    }

    private void Look(int times)
    {
        for (int i = 0; i < times; i++)
        {
            _keeper.Look();
        }
    }

    private sealed class Heap : IHeap
    {
        public Action OnCollect { get; set; } = static () => { };

        public int Collections { get; private set; }

        public int Compactions { get; private set; }

        public (long Live, long Held) Figures { get; set; }

        public long Size => 100 * Mebibyte;

        public bool IsCollected => true;

        public void Collect()
        {
            OnCollect();
            Collections++;
        }

        public void Compact()
        {
            Compactions++;
            Figures = (Figures.Live, Figures.Live);
        }
    }
}
