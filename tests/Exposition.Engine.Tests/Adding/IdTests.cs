namespace Exposition.Engine.Tests.Adding;

/// <summary>A push with an id counts once.</summary>
public sealed class IdTests
{
    private const string One = "# TYPE c counter\nc 1\n";

    private readonly Adder _adder = new(options =>
    {
        options.MaxPushIds = 3;
        options.ExpiryRules = [ExpiryRule.Parse("1h")];
    });

    [Fact]
    public void Who_would_wait_for_another_push_to_the_group_can_leave_it_undone()
    {
        using var entered = new ManualResetEventSlim();
        using var ended = new ManualResetEventSlim();
        var other = new Thread(() =>
        {
            using Consistency.Turns.Scope turn = _adder.Store.State.Adders.Enter(Adder.Key, insists: true);
            entered.Set();
            ended.Wait();
        });
        other.Start();
        entered.Wait(TestContext.Current.CancellationToken);
        Assert.Null(Try(PushMode.Add, ""));
        Assert.Null(Try(PushMode.Merge, "id"));
        Assert.Equal(PushStatus.Stored, Try(PushMode.Merge, "")!.Value.Status);
        ended.Set();
        other.Join();
        Assert.Equal(PushStatus.Stored, Try(PushMode.Add, "id")!.Value.Status);
        Assert.Equal("c 2", _adder.Shown());

        PushOutcome? Try(PushMode mode, string id) => _adder.Store.TryPush(
            Adder.Key, PushFormat.Text, System.Text.Encoding.ASCII.GetBytes("# TYPE c counter\nc 1\n"), mode, Adder.Details(id, ""));
    }

    [Fact]
    public void A_second_push_of_one_id_is_answered_alike_and_changes_nothing()
    {
        _adder.Take(One, id: "a");
        DateTimeOffset? pushed = _adder.Store.Find(Adder.Key)!.PushedAt;
        _adder.Take(One, id: "a");
        Assert.Equal("c 1", _adder.Shown());
        Assert.Equal(pushed, _adder.Store.Find(Adder.Key)!.PushedAt);
        Assert.Equal(1, _adder.Store.RepeatedIds);
        _adder.Take(One, id: "b");
        _adder.Take(One);
        _adder.Take(One);
        Assert.Equal("c 4", _adder.Shown());
    }

    [Fact]
    public void One_id_with_another_body_is_refused()
    {
        _adder.Take(One, id: "a");
        Assert.Equal("a push with this id and another body was stored before",
            _adder.Refuse("# TYPE c counter\nc 2\n", PushStatus.IdReused, id: "a"));
    }

    [Fact]
    public void An_id_is_known_within_its_window_alone()
    {
        _adder.Take(One, id: "a");
        _adder.Clock.Advance(TimeSpan.FromMinutes(9).TotalSeconds);
        _adder.Take(One, id: "a");
        Assert.Equal("c 1", _adder.Shown());
        _adder.Clock.Advance(TimeSpan.FromMinutes(2).TotalSeconds);
        _adder.Take(One, id: "a");
        Assert.Equal("c 2", _adder.Shown());
        Assert.Equal(0, _adder.Store.ForgottenIds);
    }

    [Fact]
    public void Only_a_stored_push_is_remembered()
    {
        _adder.Refuse("# TYPE c counter\nc -1\n", PushStatus.Unmergeable, id: "a");
        _adder.Take(One, id: "a");
        Assert.Equal("c 1", _adder.Shown());
    }

    [Theory]
    [InlineData(PushMode.Merge)]
    [InlineData(PushMode.Replace)]
    [InlineData(PushMode.Series)]
    [InlineData(PushMode.Add)]
    public void Ids_count_in_all_modes(PushMode mode)
    {
        _adder.Take(One, mode, id: "a");
        _adder.Take("# TYPE c counter\nc 5\n", PushMode.Replace);
        _adder.Take(One, mode, id: "a");
        Assert.Equal("c 5", _adder.Shown());
    }

    [Fact]
    public void Ids_survive_a_put_and_an_expiry_and_go_with_a_delete()
    {
        _adder.Take(One, id: "a");
        _adder.Take("# TYPE c counter\nc 7\n", PushMode.Replace);
        _adder.Take(One, id: "a");
        Assert.Equal("c 7", _adder.Shown());
        var adder = new Adder(options => options.ExpiryRules = [ExpiryRule.Parse("1m")]);
        adder.Take(One, id: "a");
        adder.Clock.Advance(TimeSpan.FromMinutes(2).TotalSeconds);
        Assert.Equal("", adder.Shown());
        adder.Take(One, id: "a");
        Assert.Equal("", adder.Shown());
        adder.Store.Delete(Adder.Key);
        adder.Take(One, id: "a");
        Assert.Equal("c 1", adder.Shown());
        adder.Store.Wipe();
        adder.Take(One, id: "a");
        Assert.Equal("c 1", adder.Shown());
    }

    [Fact]
    public void The_oldest_id_makes_room_and_is_counted_if_its_time_was_not_over()
    {
        foreach (string id in (string[])["a", "b", "c", "d"])
        {
            _adder.Take(One, id: id);
        }

        Assert.Equal(1, _adder.Store.ForgottenIds);
        _adder.Take(One, id: "b");
        Assert.Equal("c 4", _adder.Shown());
        _adder.Take(One, id: "a");
        Assert.Equal("c 5", _adder.Shown());
        Assert.Equal(2, _adder.Store.ForgottenIds);
    }

    [Fact]
    public void Ids_count_in_the_stored_bytes_and_leave_them_with_the_group()
    {
        _adder.Take(One);
        long without = _adder.Store.StoredBytes;
        _adder.Take(One, id: "a");
        Assert.InRange(_adder.Store.StoredBytes - without, 48, 1000);
        _adder.Store.Delete(Adder.Key);
        Assert.Equal(0, _adder.Store.StoredBytes);
    }

    [Fact]
    public void Retries_that_come_at_once_count_once()
    {
        var adder = new Adder(options => options.MaxPushIds = 0);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            for (int i = 0; i < 200; i++)
            {
                adder.Store.Push(Adder.Key, PushFormat.Text, System.Text.Encoding.UTF8.GetBytes(One), PushMode.Add,
                    Adder.Details($"push {i}", "")).ThrowIfRefused();
            }
        });
        Assert.Equal("c 200", adder.Shown());
        Assert.Equal(1400, adder.Store.RepeatedIds);
    }
}
