using Exposition.Load.Bodies;

namespace Exposition.Load.Cases;

/// <summary>Pushes that replace groups, in turn, each with other values than the one before.</summary>
internal sealed class ReplacingPushes(PushBody body, Random random, string job, (string Instance, byte[] Head)[] groups) : IPushes
{
    private long _turn;

    public LastPush? Last { get; private set; }

    public (byte[] Head, byte[] Body) Next()
    {
        body.Rewrite(random);
        return (groups[_turn++ % groups.Length].Head, body.Bytes);
    }

    public void Taken() => Last = new LastPush(job, groups[(_turn - 1) % groups.Length].Instance, body.Bytes);
}
