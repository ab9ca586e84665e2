using Exposition.Pusher.Bodies;

namespace Exposition.Pusher.Sending;

/// <summary>A push or delete as it is sent.</summary>
/// <param name="Method">PUT, POST or DELETE.</param>
/// <param name="Group">Whose.</param>
/// <param name="Body">What; null to delete.</param>
/// <param name="ExpireAfter">When the gateway is to forget it, if it is to be told.</param>
internal sealed record PushOrder(HttpMethod Method, PushGroup Group, PushBody? Body, TimeSpan? ExpireAfter = null);
