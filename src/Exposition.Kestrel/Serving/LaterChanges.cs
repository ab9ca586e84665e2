using Exposition.Engine;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Serving;

/// <summary>Changes that are carried out in the place of the store: what they come to, as answers.</summary>
internal sealed class LaterChanges(IChangeTarget target, ClientLog log)
{
    /// <summary>A push.</summary>
    public Answer Push(in PushRequest request, PushMode mode, GroupingKey key, ReadOnlyMemory<byte> body, bool asItIs) =>
        new(0) { Later = AnswerAsync(target.PushAsync(key, request.Format, body, mode, request.Details), isPush: true, asItIs) };

    /// <summary>A delete.</summary>
    public Answer Delete(GroupingKey key) => new(0) { Later = AnswerAsync(target.DeleteAsync(key), isPush: false, asItIs: false) };

    /// <summary>The answer to a change that has ended.</summary>
    public static Answer Of(in ChangeResult result, Answer done) => result.State switch
    {
        ChangeState.Done => done,
        ChangeState.Alone => done.Status is 200 or 202 ? done with { Status = 202, IsAlone = true } : done,
        ChangeState.TooLarge => new Answer(413, result.Reason),
        _ => Answer.NotTaken(result.Reason ?? "no reason is known") with { Limit = result.Limit },
    };

    private async Task<Answer> AnswerAsync(Task<ChangeResult> change, bool isPush, bool asItIs)
    {
        try
        {
            ChangeResult result = await change;
            return Of(result, isPush ? PushAnswer.Of(result.Outcome, asItIs) : new Answer(202));
        }
        catch (Exception e)
        {
            log.Failed("a change failed inside the engine", e);
            return new Answer(500, "internal error");
        }
    }
}
