using System.Buffers;
using System.Text;
using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>Whether a group is overdue goes on over a restart; nothing of it is kept but the push time.</summary>
public sealed class OverdueRestartTests : InDirectory
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_group_becomes_overdue_when_it_would_have_without_the_restart()
    {
        const string Line = "push_overdue{instance=\"\",job=\"j\"} ";
        await RunAsync("{job=\"j\"}=10m", store =>
        {
            store.Push(Samples.Key("j"), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
            Assert.Contains(Line + "0\n", Text(store), StringComparison.Ordinal);
        });
        _time.Advance(TimeSpan.FromMinutes(9));
        await RunAsync("{job=\"j\"}=10m", store =>
        {
            Assert.Contains(Line + "0\n", Text(store), StringComparison.Ordinal);
            _time.Advance(TimeSpan.FromMinutes(2));
            Assert.Contains(Line + "1\n", Text(store), StringComparison.Ordinal);
        });
        await RunAsync("{job=\"j\"}=1h", store => Assert.Contains(Line + "0\n", Text(store), StringComparison.Ordinal));
        await RunAsync(null, store => Assert.DoesNotContain("push_overdue", Text(store), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_pushed_under_the_name_is_shown_without_rules_alone()
    {
        await RunAsync(null, store => store.Push(
            Samples.Key("j"), PushFormat.Text, "push_overdue{a=\"b\"} 3\nx 1\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused());
        await RunAsync(null, store => Assert.Contains("push_overdue{a=\"b\"", Text(store), StringComparison.Ordinal));
        await RunAsync("1h", store =>
        {
            Assert.DoesNotContain("a=\"b\"", Text(store), StringComparison.Ordinal);
            Assert.Contains("push_overdue{instance=\"\",job=\"j\"} 0\n", Text(store), StringComparison.Ordinal);
            Assert.Contains("x{instance=\"\",job=\"j\"} 1\n", Text(store), StringComparison.Ordinal);
        });
    }

    private static string Text(MetricStore store)
    {
        var output = new ArrayBufferWriter<byte>();
        store.WriteTo(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private async Task RunAsync(string? rule, Action<MetricStore> life)
    {
        var store = new MetricStore(new StoreOptions
        {
            Time = _time,
            PushExpectations = rule is null ? [] : [PushExpectation.Parse(rule)],
        });
        await using var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions { Interval = TimeSpan.FromHours(1) });
        copy.Start();
        life(store);
        Assert.True(await copy.StopAsync());
    }
}
