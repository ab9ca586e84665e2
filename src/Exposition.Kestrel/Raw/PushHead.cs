using System.Net;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Raw;

/// <summary>What a head says of a push.</summary>
internal static class PushHead
{
    /// <summary>Copies it out of the head.</summary>
    /// <param name="push">Where to.</param>
    /// <param name="head">What stands where in the head.</param>
    /// <param name="bytes">The head.</param>
    /// <param name="route">Where it leads.</param>
    /// <param name="engine">Knows the clients and the time.</param>
    /// <param name="peer">Who has sent it.</param>
    public static void Take(
        ref PushRequest push, in RequestHead head, ReadOnlySpan<byte> bytes, in Route route, ExpositionEngine engine, EndPoint? peer)
    {
        push.Method = head.Method switch
        {
            WireMethod.Put => PushMethod.Put,
            WireMethod.Post => PushMethod.Post,
            _ => PushMethod.Delete,
        };
        push.Route = route;
        push.Encoding = ContentCoding.Of(head.ContentEncoding.In(bytes));
        if (head.ContentType.IsPresent)
        {
            push.TakeContentType(head.ContentType.In(bytes));
        }

        push.Sender = peer;
        if (PushHandler.MayBeLarge(push, head.ContentLength) && engine.Clients.Believes(peer))
        {
            push.Client = engine.Clients.Of(peer, ForwardedFor.In(bytes));
        }

        push.HeadSize = head.Size;
        push.AnnouncedBytes = Math.Max(0, head.ContentLength);
        push.StartedAt = engine.Options.Time.GetTimestamp();
        push.Door = Door.Raw;
    }
}
