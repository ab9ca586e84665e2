using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

// A seat of the searches is held for the search alone: how long the answer takes depends on its reader, which has a seat of its own and
// must keep the least rate. A reader that is refused has neither seat while the refusal is sent.

/// <summary>Answers of the API that a search of the groups comes before.</summary>
internal static class SearchAnswer
{
    /// <summary>Searches, and writes what was found.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="context">The request.</param>
    /// <param name="find">Searches.</param>
    /// <param name="write">Writes it to the reader.</param>
    public static async Task ServeAsync<T>(
        ExpositionEngine engine, HttpContext context, Func<CancellationToken, ValueTask<T>> find, Func<LongAnswer, T, Task> write)
        where T : notnull
    {
        if (engine.Options.CommitGate is { IsOpen: false })
        {
            await Responses.WriteAsync(context, Answer.Loading);
            return;
        }

        using LongAnswer? answer = LongAnswer.TryStart(engine, context, Limit.ApiReaders, engine.Options.MaxApiReaders);
        if (answer is null)
        {
            await Responses.WriteAsync(context, new Answer(503, "too many readers of the API at once"));
            return;
        }

        try
        {
            T found;
            using (IDisposable? seat = await engine.Searches.TryEnterAsync(context.RequestAborted))
            {
                if (seat is null)
                {
                    answer.Dispose();
                    await engine.RefuseAsync(context, engine.Searches.Refusal);
                    return;
                }

                found = await find(context.RequestAborted);
            }

            await write(answer, found);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }
    }
}
