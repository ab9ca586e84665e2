using System.Buffers;
using System.IO.Pipelines;

namespace Exposition.Harness;

/// <summary>A pipe that has everything already, and gives one segment more with each read.</summary>
internal sealed class BlocksReader(ReadOnlySequence<byte> text) : PipeReader
{
    private SequencePosition _consumed = text.Start;
    private SequencePosition _end = text.Start;

    public void Restart() => (_consumed, _end) = (text.Start, text.Start);

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        bool more = text.TryGet(ref _end, out _) && _end.GetObject() is not null;
        _end = more ? _end : text.End;
        return ValueTask.FromResult(new ReadResult(text.Slice(_consumed, _end), isCanceled: false, isCompleted: !more));
    }

    public override void AdvanceTo(SequencePosition consumed) => _consumed = consumed;

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _consumed = consumed;

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}
