using Exposition.Hosting;

namespace Exposition.Kestrel.Tests;

/// <summary>What a host's gate holds back, through both doors.</summary>
public class CommitGateTests
{
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_push_is_answered_when_its_change_is_confirmed(bool raw)
    {
        var gate = new Gate();
        await using TwoDoors doors = await OpenAsync(gate);
        Task<string> answer = TwoDoors.SendAsync(raw ? doors.RawPort : doors.EndpointPort, Push);
        await gate.Asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);
        Assert.Equal(1, doors.Target.Pushes);

        gate.Confirmation!.SetResult(null);

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "PUT")]
    [InlineData(false, "PUT")]
    [InlineData(true, "DELETE")]
    [InlineData(false, "DELETE")]
    public async Task What_is_not_confirmed_is_answered_with_503(bool raw, string method)
    {
        var gate = new Gate();
        await using TwoDoors doors = await OpenAsync(gate);
        Task<string> answer = TwoDoors.SendAsync(
            raw ? doors.RawPort : doors.EndpointPort, Push.Replace("PUT", method, StringComparison.Ordinal));
        await gate.Asked.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        gate.Confirmation!.SetResult("disk full");

        string received = await answer;

        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", received, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", received, StringComparison.Ordinal);
        Assert.EndsWith("stored in memory, but not on disk: disk full\n", received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refusals_do_not_wait(bool raw)
    {
        await using TwoDoors doors = await OpenAsync(new Gate());
        string received = await TwoDoors.SendAsync(
            raw ? doors.RawPort : doors.EndpointPort, Push.Replace("a 1\n", "bad\n", StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 400 ", received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pipelined_pushes_are_confirmed_and_answered_in_order(bool raw)
    {
        var gate = new Gate { ConfirmsAtOnce = true };
        await using TwoDoors doors = await OpenAsync(gate);
        string received = await TwoDoors.SendAsync(
            raw ? doors.RawPort : doors.EndpointPort, Push + Push.Replace("a 1\n", "bad\n", StringComparison.Ordinal) + Push, answers: 3);
        Assert.Equal(["200", "400", "200"], TwoDoors.Split(received)
            .Select(static a => a.Split(' ')[0] is "HTTP/1.1" ? a.Split(' ')[1] : a.Split(' ')[0]));
    }

    [Theory]
    [InlineData(true, Push)]
    [InlineData(false, Push)]
    [InlineData(true, "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData(false, "DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData(true, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData(false, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")]
    public async Task Behind_a_closed_gate_nothing_reaches_the_store(bool raw, string request)
    {
        await using TwoDoors doors = await OpenAsync(new Gate { IsOpen = false });
        string received = await TwoDoors.SendAsync(raw ? doors.RawPort : doors.EndpointPort, request);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", received, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", received, StringComparison.Ordinal);
        Assert.Empty(doors.Target.Calls);
    }

    private static async Task<TwoDoors> OpenAsync(Gate gate)
    {
        var doors = new TwoDoors { Gate = gate };
        await doors.InitializeAsync();
        return doors;
    }

    private sealed class Gate : ICommitGate
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsOpen { get; init; } = true;

        public bool ConfirmsAtOnce { get; init; }

        public Task Asked => _asked.Task;

        public TaskCompletionSource<string?>? Confirmation { get; private set; }

        public Task<string?>? Confirm()
        {
            Confirmation = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (ConfirmsAtOnce)
            {
                Confirmation.SetResult(null);
            }

            _asked.TrySetResult();
            return Confirmation.Task;
        }
    }
}
