using System.Buffers;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Raw;

// While a push waits, the input is left unread: answers stay in the order of their requests.

/// <summary>Carries out the pushes of a connection: at once, in a turn of the workers, or until they are confirmed.</summary>
internal sealed class PushRunner(ExpositionEngine engine, RequestReader reader, ConnectionWatch watch)
{
    private Task<string?>? _confirmation;

    /// <summary>The answer to the last one that was carried out at once.</summary>
    public Answer Answer { get; private set; }

    /// <summary>Carries a push out that has come whole, if it takes little time.</summary>
    /// <param name="body">As <see cref="RequestReader.Continue"/> has given it.</param>
    /// <param name="rest">What is not consumed of the input.</param>
    /// <returns><see cref="RequestStep.Next"/> if it is to be answered now; else what it waits for.</returns>
    public RequestStep Run(ReadOnlyMemory<byte> body, ref ReadOnlySequence<byte> rest)
    {
        Answer? answer;
        try
        {
            answer = engine.Pushes.Handle(reader.Push, body, out _confirmation);
        }
        catch (Exception e)
        {
            answer = Fail(e);
        }

        if (answer is not { } handled)
        {
            return reader.Body.Keep(ref rest);
        }

        Answer = handled;
        reader.Body.Release(ref rest);
        return _confirmation is null ? RequestStep.Next : RequestStep.Confirm;
    }

    /// <summary>Carries a large one out that was kept.</summary>
    public async ValueTask<Answer> RunInTurnAsync()
    {
        watch.Enter(ConnectionPhase.Room, TimeSpan.Zero);
        reader.Body.Deadline.Claim.Proceed();
        try
        {
            return await engine.Pushes.HandleLargeAsync(reader.Push, reader.Body.Kept);
        }
        catch (Exception e)
        {
            return Fail(e);
        }
    }

    /// <summary>Waits until the last one is confirmed.</summary>
    public async ValueTask<Answer> ConfirmAsync()
    {
        watch.Enter(ConnectionPhase.Write, engine.Options.ScrapeTimeout);
        string? failure = await _confirmation!;
        _confirmation = null;
        return engine.Pushes.Finish(reader.Push, Answer, failure);
    }

    private Answer Fail(Exception e) => engine.Pushes.Fail(reader.Push, e) with { Close = true };
}
