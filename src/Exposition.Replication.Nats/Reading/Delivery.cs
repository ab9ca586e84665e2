using NATS.Client.Core;

namespace Exposition.Replication.Nats.Reading;

/// <summary>What a consumer of the engine has for its reader.</summary>
internal enum DeliveryKind
{
    /// <summary>A message of the stream.</summary>
    Message,

    /// <summary>Nothing; the server with the consumer is there.</summary>
    Quiet,

    /// <summary>The consumer is of no use any more.</summary>
    Lost,
}

/// <summary>One thing that a consumer has for its reader.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Message">The message, if it is one.</param>
/// <param name="Sequence">The message's sequence in the stream.</param>
/// <param name="Count">How many messages the consumer has delivered with this one.</param>
/// <param name="Pending">How many more it knows.</param>
/// <param name="Why">Why the consumer is lost.</param>
internal readonly record struct Delivery(
    DeliveryKind Kind, NatsMsg<byte[]> Message = default, ulong Sequence = 0, ulong Count = 0, ulong Pending = 0, string Why = "")
{
    public static Delivery Quiet { get; } = new(DeliveryKind.Quiet);

    public static Delivery Lost(string why) => new(DeliveryKind.Lost, Why: why);
}
