using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

/// <summary>A store that records what it is told. A body that starts with "bad" is malformed, one with "throw" makes it fail.</summary>
internal sealed class FakeTarget() : StoreTarget(null)
{
    public ConcurrentQueue<string> Calls { get; } = new();

    public ConcurrentQueue<PushDetails> Details { get; } = new();

    public ConcurrentQueue<string> Failures { get; } = new();

    public override void NoteFailureHere(GroupingKey key, string reason, object? sender) => Failures.Enqueue($"{key} {reason}");

    /// <summary>Off while allocations are measured.</summary>
    public bool Record { get; set; } = true;

    public long Pushes;

    /// <summary>Called at each push.</summary>
    public Action? Pushing { get; set; }

    public PushStatus Success { get; set; } = PushStatus.Stored;

    public byte[] ScrapeBody { get; set; } = "# TYPE a untyped\na 1\n"u8.ToArray();

    public bool LengthIsKnown { get; set; } = true;

    public bool ScrapeFails { get; set; }

    /// <summary>What a scrape waits for before its first byte.</summary>
    public Task? Preparing { get; set; }

    public bool ScrapeBreaksOff { get; set; }

    /// <summary>Whether disposing of a scrape throws, as where the end of a stream is written to what has failed.</summary>
    public bool CloseFails { get; set; }

    public FamilySet? LastOwn { get; private set; }

    public int OpenScrapes;

    /// <summary>The name of the thread that the last push came on.</summary>
    public string? LastThread { get; private set; }

    /// <summary>Whether large text bodies repeat the series of their group's last push.</summary>
    public bool Repeats { get; set; }

    public override bool TryPushRepeated(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        Repeats && Push(key, format, body, mode, details).Status == Success;

    public override PushOutcome? TryPush(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details) =>
        IsBusy ? null : Push(key, format, body, mode, details);

    /// <summary>Whether another push to the group is under way.</summary>
    public bool IsBusy { get; set; }

    /// <summary>What each group takes.</summary>
    public long Stored { get; set; }

    public override long SizeOf(GroupingKey key) => Stored;

    public override PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details)
    {
        Interlocked.Increment(ref Pushes);
        Pushing?.Invoke();
        LastThread = Thread.CurrentThread.Name;
        if (Record)
        {
            Details.Enqueue(details);
            Calls.Enqueue(
                $"{mode} {key} {format} "
                + $"{(body.Length <= 400 ? Encoding.Latin1.GetString(body.Span) : Convert.ToHexString(SHA256.HashData(body.Span)))}");
        }

        return body.Span.StartsWith("bad"u8) ? new PushOutcome(PushStatus.Malformed, "text format parsing error in line 1: bad")
            : body.Span.StartsWith("throw"u8) ? throw new InvalidOperationException("fake fault")
            : new PushOutcome(Success);
    }

    public override bool Delete(GroupingKey key)
    {
        if (Record)
        {
            Calls.Enqueue($"Delete {key}");
        }

        return true;
    }

    public override long HeldBytes => Held;

    public long Held { get; set; }

    public override ScrapeSource OpenScrape(FamilySet own, in ScrapeRequest request)
    {
        LastOwn = own;
        Calls.Enqueue($"Scrape {request.Language.Format} {request.Language.Escaping}");
        if (ScrapeFails)
        {
            throw new InvalidOperationException("fake fault");
        }

        Interlocked.Increment(ref OpenScrapes);
        return new Source(this, request.Gzip);
    }

    private sealed class Source(FakeTarget target, bool gzip) : ScrapeSource(null)
    {
        private readonly byte[] _body = gzip ? Harness.Gzip.Pack(target.ScrapeBody) : target.ScrapeBody;
        private int _at;

        public override long? Length => target.LengthIsKnown ? _body.Length : null;

        public override ValueTask PrepareAsync(CancellationToken cancellation) =>
            target.Preparing is { } preparing ? new ValueTask(preparing) : default;

        public override ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, int stepBytes, CancellationToken cancellation) =>
            new(WriteNext(output, stepBytes));

        private bool WriteNext(IBufferWriter<byte> output, int stepBytes)
        {
            if (target.ScrapeBreaksOff && _at > 0)
            {
                throw new InvalidOperationException("fake fault");
            }

            int count = Math.Min(stepBytes, _body.Length - _at);
            output.Write(_body.AsSpan(_at, count));
            _at += count;
            return _at < _body.Length;
        }

        public override void Dispose()
        {
            base.Dispose();
            Interlocked.Decrement(ref target.OpenScrapes);
            if (target.CloseFails)
            {
                throw new InvalidOperationException("fake fault of closing");
            }
        }
    }
}
