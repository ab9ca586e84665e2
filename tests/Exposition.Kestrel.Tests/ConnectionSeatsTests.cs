using System.Net;
using Exposition.Kestrel.Raw;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.AspNetCore.Connections;

namespace Exposition.Kestrel.Tests;

public class ConnectionSeatsTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly StoppedTime _time = new();
    private readonly ConnectionSeats _seats;

    public ConnectionSeatsTests()
    {
        _time.Advance(s_second);
        _seats = new ConnectionSeats(_time);
    }

    [Fact]
    public void The_longest_idle_has_to_leave_and_activity_counts()
    {
        ConnectionSeat[] seats = [.. Enumerable.Range(0, 4).Select(_ => Enter("10.0.0.1"))];
        Assert.Same(seats[0], _seats.Worst());
        Ask(seats[0]);
        Assert.Same(seats[1], _seats.Worst());
        Assert.True(_seats.Remove(seats[1]));
        Assert.False(_seats.Remove(seats[1]));
        Ask(seats[2]);
        Assert.Same(seats[3], _seats.Worst());
        Assert.Equal(3, _seats.Count);
    }

    [Fact]
    public void Who_is_served_leaves_last()
    {
        ConnectionSeat[] seats = [.. Enumerable.Range(0, 3).Select(_ => Enter("10.0.0.1"))];
        seats[0].BeginRequest();
        seats[1].BeginRequest();
        _time.Advance(10 * s_second);
        Assert.Same(seats[2], _seats.Worst());
        _seats.Remove(seats[2]);
        Assert.Same(seats[0], _seats.Worst());
        seats[1].EndRequest();
        _time.Advance(2 * s_second);
        Assert.Same(seats[1], _seats.Worst());
    }

    /// <summary>However active a client keeps its many connections, it ends its own.</summary>
    [Fact]
    public void The_client_that_has_most_makes_room()
    {
        ConnectionSeat honest = Enter("10.0.0.1");
        ConnectionSeat[] flood = [.. Enumerable.Range(0, 5).Select(_ => Enter("10.0.0.2"))];
        Array.ForEach(flood, Ask);
        for (int i = 0; i < 4; i++)
        {
            ConnectionSeat worst = _seats.Worst()!;
            Assert.Same(flood[i], worst);
            _seats.Remove(worst);
        }

        Assert.Same(honest, _seats.Worst());
    }

    [Fact]
    public void Nobody_is_there_at_first() => Assert.Null(_seats.Worst());

    /// <summary>Against going through all of them.</summary>
    [Property(MaxTest = 300)]
    public Property The_worst_is_what_a_look_at_all_of_them_finds() => Prop.ForAll(Gen.Choose(0, 99).ListOf(200).ToArbitrary(), steps =>
    {
        var time = new StoppedTime();
        time.Advance(s_second);
        var seats = new ConnectionSeats(time);
        var open = new List<(ConnectionSeat Seat, int Client)>();
        foreach (int step in steps)
        {
            time.Advance(s_second);
            (ConnectionSeat Seat, int Client) chosen = open.Count > 0 ? open[step % open.Count] : default;
            switch (step % 5)
            {
                case 0 or 1:
                    var seat = new ConnectionSeat(
                        new DefaultConnectionContext("test"), ClientAddress.Of(new IPAddress([10, 0, 0, (byte)(step % 4)])), time);
                    seats.Add(seat);
                    open.Add((seat, step % 4));
                    break;
                case 2 when chosen.Seat is not null:
                    chosen.Seat.BeginRequest();
                    chosen.Seat.EndRequest();
                    break;
                case 3 when chosen.Seat is not null:
                    Assert.True(seats.Remove(chosen.Seat));
                    open.Remove(chosen);
                    break;
                default:
                    ConnectionSeat? expected = open.GroupBy(static e => e.Client).OrderByDescending(static g => g.Count())
                        .ThenBy(static g => g.Min(static e => e.Seat.IdleSince))
                        .FirstOrDefault()?.MinBy(static e => e.Seat.IdleSince).Seat;
                    Assert.Same(expected, seats.Worst());
                    break;
            }

            Assert.Equal(open.Count, seats.Count);
        }
    });

    private void Ask(ConnectionSeat seat)
    {
        _time.Advance(s_second);
        seat.BeginRequest();
        seat.EndRequest();
    }

    private ConnectionSeat Enter(string address)
    {
        _time.Advance(s_second);
        var seat = new ConnectionSeat(new DefaultConnectionContext("test"), ClientAddress.Of(IPAddress.Parse(address)), _time);
        _seats.Add(seat);
        return seat;
    }
}
