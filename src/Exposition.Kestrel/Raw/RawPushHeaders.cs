using Exposition.Kestrel.Heads;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Raw;

/// <summary>Takes what heads say of pushes into requests, and keeps it as long as the request, as the head is gone by then.</summary>
internal struct RawPushHeaders
{
    private byte[]? _id;
    private byte[]? _source;

    public void Take(in RequestHead head, ReadOnlySpan<byte> bytes, ref PushRequest push)
    {
        if (head.ExpireAfter.IsPresent)
        {
            ExpireHeader.Take(head.ExpireAfter.In(bytes), ref push);
        }

        if (head.PushMode.IsPresent)
        {
            PushHeaders.TakeMode(head.PushMode.In(bytes), ref push);
        }

        if (head.PushId.IsPresent)
        {
            PushHeaders.TakeId(head.PushId.In(bytes), _id ??= new byte[PushHeaders.MaxName], ref push);
        }

        if (head.Source.IsPresent)
        {
            PushHeaders.TakeSource(head.Source.In(bytes), _source ??= new byte[PushHeaders.MaxName], ref push);
        }
    }
}
