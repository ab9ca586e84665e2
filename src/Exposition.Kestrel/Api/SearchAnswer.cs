using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

// A seat of the searches is for the search alone: how long an answer takes is for its reader to say, who has a seat of his own for that and
// must keep the least rate. He who is refused has neither while he is told.

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

        bool isBusy = false;
        try
        {
            using LongAnswer? answer = LongAnswer.TryStart(engine, context, Limit.ApiReaders, engine.Options.MaxApiReaders);
            if (answer is not null)
            {
                (isBusy, T? found) = await TryFindAsync(engine, context, find);
                await (isBusy ? Task.CompletedTask : write(answer, found!));
            }
            else
            {
                await Responses.WriteAsync(context, new Answer(503, "too many readers of the API at once"));
            }
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }

        if (isBusy)
        {
            await engine.RefuseAsync(context, engine.Searches.Refusal);
        }
    }

    private static async ValueTask<(bool IsBusy, T? Found)> TryFindAsync<T>(
        ExpositionEngine engine, HttpContext context, Func<CancellationToken, ValueTask<T>> find)
    {
        using IDisposable? seat = await engine.Searches.TryEnterAsync(context.RequestAborted);
        return seat is null ? (true, default) : (false, await find(context.RequestAborted));
    }
}
