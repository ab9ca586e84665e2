using Exposition.Replication.Sending;
using Exposition.Replication.Tests.Simulated;

namespace Exposition.Replication.Tests.Sent;

/// <summary>Room for what is on its way at once.</summary>
public sealed class InFlightTests
{
    private readonly SimulatedTime _time = new();

    [Fact]
    public async Task Who_has_waited_long_enough_goes_and_leaves_no_hole()
    {
        var room = new InFlight(2, 100);
        Assert.True(room.TryEnter(90, out _));
        Task<bool> large = Enter(room, 50, 1);
        Task<bool> small = Enter(room, 5, 10);
        Assert.False(small.IsCompleted);
        Assert.False(room.TryEnter(1, out bool isByBytes));
        Assert.True(isByBytes);

        // The large one goes; the small one behind it fits.
        Pass(2);
        Assert.Equal((false, true), (await large, await small));
        Assert.Equal((2, 95), (room.Count, room.Bytes));
        Assert.False(room.TryEnter(1, out isByBytes));
        Assert.False(isByBytes);
        room.Leave(90);
        room.Leave(5);
        Assert.Equal((0, 0), (room.Count, room.Bytes));
    }

    [Fact]
    public async Task A_single_one_that_is_larger_than_all_the_room_comes_in()
    {
        var room = new InFlight(2, 100);
        Assert.True(room.TryEnter(1000, out _));
        Task<bool> next = Enter(room, 1, 10);
        room.Leave(1000);
        Pass(0);
        Assert.True(await next);
    }

    [Fact]
    public async Task They_come_in_their_order()
    {
        var room = new InFlight(1, 0);
        Assert.True(room.TryEnter(1, out _));
        Task<bool>[] all = [.. Enumerable.Range(0, 5).Select(_ => Enter(room, 1, 60))];
        for (int i = 0; i < all.Length; i++)
        {
            Assert.Equal(i, all.Count(static one => one.IsCompleted));
            room.Leave(1);
            Pass(0);
        }

        Assert.All(await Task.WhenAll(all), Assert.True);
    }

    private Task<bool> Enter(InFlight room, long bytes, double seconds)
    {
        Task<bool>? entering = null;
        _time.Begin(() => entering = room.EnterAsync(bytes, TimeSpan.FromSeconds(seconds), _time));
        return entering!;
    }

    private void Pass(double seconds) => _time.RunUntil(static () => false, TimeSpan.FromSeconds(seconds));
}
