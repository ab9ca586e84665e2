using NATS.Client.Core;

namespace Exposition.Replication.Nats.Reading;

/// <summary>What a reader of the stream comes to.</summary>
/// <param name="Kind">What it is, in the words of the log.</param>
/// <param name="Sequence">Of the message; otherwise the greatest that the engine has given.</param>
/// <param name="Message">The message, if it is one.</param>
internal readonly record struct ReadStep(LogEventKind Kind, ulong Sequence, NatsMsg<byte[]> Message = default);
