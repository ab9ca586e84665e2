namespace Exposition.Replication.Tests.Contract;

/// <summary>An engine with a log of its own for a test, and the faults that it can have.</summary>
public interface ILogEngine : IAsyncDisposable
{
    /// <summary>Whether the answers of the engine are lost on the way to the clients of <see cref="Connect"/>.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>One more node at the log, which nobody has opened yet.</summary>
    public IGroupLog Connect();

    /// <summary>The engine goes away at once.</summary>
    public Task KillAsync();

    /// <summary>The engine is back, with what it had committed.</summary>
    public Task StartAgainAsync();

    /// <summary>Somebody deletes the log.</summary>
    public Task DeleteLogAsync();
}
