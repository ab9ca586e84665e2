using System.Text;
using Exposition.Load.Bodies;
using Exposition.Load.Cases;
using Exposition.Load.Clients;
using Exposition.Load.Servers;

namespace Exposition.Load.Tests;

/// <summary>Pushes that add up: what they say they have brought is what they have.</summary>
public sealed class AddingTests
{
    private const string Taken = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_store_and_the_dictionary_have_the_same_sums(bool isTotal)
    {
        (double[] ours, double[] byHand) = Adders.SumsAfter(50, isTotal);
        Assert.Equal(SmallBody.Series, byHand.Length);
        Assert.Equal(byHand, ours);
    }

    [Fact]
    public void Values_that_count_grow_and_keep_their_width()
    {
        PushBody body = SmallBody.Make();
        long[] before = new long[SmallBody.Series], after = new long[SmallBody.Series];
        body.AddTo(before, replace: true);
        int length = body.Bytes.Length;
        body.Count(new Random(1), share: 1);
        body.AddTo(after, replace: true);
        Assert.All(before.Zip(after), static pair => Assert.InRange(pair.Second - pair.First, 1, 9));
        Assert.Equal(length, body.Bytes.Length);
        body.AddTo(after, replace: false);
        Assert.Contains($" {after[3]}\n", Encoding.ASCII.GetString(body.With(after)), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_addition_has_an_id_of_its_own_and_the_sums_are_those_of_all_that_were_taken()
    {
        var system = new ServerSystem(ServerKind.Ours, "fake", "none", "0");
        AddingPushes[] pushes = [.. Enumerable.Range(0, 2).Select(i => new AddingPushes(system, PushWay.Add, "load", 3, i, 1))];
        var ids = new HashSet<string>();
        long expected = 0;
        for (int i = 0; i < 12; i++)
        {
            (byte[] head, byte[] body) = pushes[i % 2].Next();
            string text = Encoding.ASCII.GetString(head);
            ids.Add(text[text.IndexOf("Exposition-Push-Id", StringComparison.Ordinal)..].Split('\r')[0]);
            if (i != 5)
            {
                pushes[i % 2].Taken();
                expected += FirstValue(body);
            }
        }

        // What was not taken comes again, with its id.
        Assert.Equal(11, ids.Count);
        Assert.Equal(expected, AddingPushes.Sums(pushes, "load").Sum(static push => FirstValue(push.Body)));
    }

    [Fact]
    public void Pushes_of_all_connections_are_sent_at_the_rate()
    {
        using var server = new FakeServer(static _ => Taken);
        var system = new ServerSystem(ServerKind.Ours, "fake", "none", "0");
        AddingPushes[] pushes = [.. Enumerable.Range(0, 2).Select(i => new AddingPushes(system, PushWay.Total, "load", 3, i, 1))];
        OpenLoopResult result = new OpenLoop(system, server.Port, SmallBody.Make(), "load", 2, 3).Run(rate: 100, seconds: 0.5, pushes);
        Assert.Null(result.Error);
        Assert.Empty(result.Last);
        Assert.Equal(3, AddingPushes.Sums(pushes, "load").Count);
    }

    private static long FirstValue(byte[] body) => long.Parse(
        Encoding.ASCII.GetString(body).Split('\n')[1].Split(' ')[^1], CultureInfo.InvariantCulture);
}
