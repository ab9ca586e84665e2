using Exposition.Engine;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Deletes of many groups that somebody else carries out in the place of the store.</summary>
public sealed class ChangedElsewhereTests
{
    private const string Query = "/api/v1/admin/groups?match[]={job=~\".%2B\"}";

    [Fact]
    public async Task A_delete_of_many_counts_the_series_of_those_that_went()
    {
        var changes = new FakeChanges();
        await using ApiHost host = await ApiHost.StartAsync(options => options.Changes = changes);
        host.Push("m 1\n", ("job", "small"));
        host.Push("a 1\nb 1\nc 1\nd 1\n", ("job", "large"));
        changes.Result = new ChangeResult(ChangeState.Done, Groups: 1) { Keys = [GroupingKey.Create(("job", "small"))] };

        Assert.Equal(
            (200, """{"status":"success","data":{"groups":1,"series":3}}"""), await host.AskAsync("DELETE", Query + "&expect=2"));
        Assert.Equal(2, changes.Chosen.Count);
        Assert.Equal(409, (await host.AskAsync("DELETE", Query + "&expect=3")).Status);
    }

    [Fact]
    public async Task What_one_host_has_deleted_alone_is_said_to_be_so()
    {
        var changes = new FakeChanges { Result = new ChangeResult(ChangeState.Alone) };
        await using ApiHost host = await ApiHost.StartAsync(options => options.Changes = changes);
        foreach ((string method, string path) in ((string, string)[])[("DELETE", Query), ("PUT", "/api/v1/admin/wipe")])
        {
            using HttpResponseMessage answer = await host.SendAsync(method, path);

            Assert.Equal(202, (int)answer.StatusCode);
            Assert.Equal("no", Assert.Single(answer.Headers.GetValues("Exposition-Replicated")));
        }
    }

    [Fact]
    public async Task What_was_not_done_in_time_is_said_to_be_so()
    {
        var late = new ChangeResult(ChangeState.Unavailable, Groups: 1, Reason: "1 of 2 groups are deleted");
        var changes = new FakeChanges { Result = late };
        await using ApiHost host = await ApiHost.StartAsync(options => options.Changes = changes);

        Assert.Equal((503, "changes are not taken now: 1 of 2 groups are deleted\n"), await host.AskAsync("DELETE", Query));
        Assert.Equal(503, (await host.AskAsync("PUT", "/api/v1/admin/wipe")).Status);
    }
}
