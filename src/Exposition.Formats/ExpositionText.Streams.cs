using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Exposition.Formats.Samples;

namespace Exposition.Formats;

public static partial class ExpositionText
{
    // One reader at a time is what a process mostly has; a second one pays for its memory.
    private static ExpositionReaderState? s_spare;

    /// <summary>
    /// Reads text 0.0.4 from a pipe, and gives each sample to an action. The text is looked at where it lies; only lines that cross from
    /// one block of the pipe into the next are copied. Allocates nothing once warm, but for what waiting for the pipe costs.
    /// </summary>
    /// <remarks>Lines are checked one by one, as by <see cref="ExpositionReader"/>.</remarks>
    /// <typeparam name="TState">What the action wants to have at hand.</typeparam>
    /// <param name="reader">The pipe. It is read to its end, but not completed: that is up to its owner. After an error it stands at the
    /// line that was wrong.</param>
    /// <param name="state">Handed to the action with each sample.</param>
    /// <param name="onSample">Called for each sample in the order of the text, by one thread at a time. What it throws ends the reading;
    /// its sample counts as read.</param>
    /// <param name="options">Which names to accept, how strict to be, and the longest line.</param>
    /// <param name="cancellationToken">Ends the waiting for more text.</param>
    /// <exception cref="ExpositionFormatException">A line is malformed or too long.</exception>
    /// <exception cref="OperationCanceledException">The token, or the pipe's owner, has ended the reading.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask ReadAsync<TState>(
        PipeReader reader, TState state, SampleAction<TState> onSample, ExpositionReadOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(onSample);
        ExpositionReaderState memory = Rent(options ?? ExpositionReadOptions.Default);
        try
        {
            bool completed = false;
            while (!completed)
            {
                ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                SequencePosition consumed = result.Buffer.Start;
                try
                {
                    ThrowIfCanceled(result);
                    completed = result.IsCompleted;
                    ReadBlock(result.Buffer, completed, memory, state, onSample, ref consumed);
                }
                finally
                {
                    reader.AdvanceTo(consumed, result.Buffer.End);
                }
            }
        }
        finally
        {
            Return(memory);
        }
    }

    /// <summary>
    /// Reads text 0.0.4 from a stream as it comes, block by block, so that a body of any size takes the memory of a block.
    /// </summary>
    /// <remarks>Lines are checked one by one, as by <see cref="ExpositionReader"/>: samples come in the order of the text, with labels as
    /// they are written. The family of a sample is that of the last TYPE line, if it is a sample of such a family; else it is an untyped
    /// one of its own. (The format demands that the lines of a family stand together; <see cref="Parse(string)"/>
    /// also takes those that do not.)</remarks>
    /// <param name="stream">The stream. It is read to its end and left open.</param>
    /// <returns>The samples; to be walked once.</returns>
    /// <exception cref="ExpositionFormatException">A line is malformed or too long. The samples before it have been returned.</exception>
    /// <example>
    /// <code>
    /// await foreach (MetricSample sample in ExpositionText.ReadAsync(stream))
    /// {
    ///     output.WriteLine(sample);
    /// }
    /// </code>
    /// </example>
    public static IAsyncEnumerable<MetricSample> ReadAsync(Stream stream) => ReadAsync(stream, null, default);

    /// <inheritdoc cref="ReadAsync(Stream)"/>
    /// <param name="stream">The stream. It is read to its end and left open.</param>
    /// <param name="options">Which names to accept, how strict to be, and the longest line; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the waiting for more text.</param>
    public static IAsyncEnumerable<MetricSample> ReadAsync(
        Stream stream, ExpositionReadOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return ReadStreamAsync(stream, options ?? ExpositionReadOptions.Default, cancellationToken);
    }

    private static async IAsyncEnumerable<MetricSample> ReadStreamAsync(
        Stream stream, ExpositionReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = new SampleLines(new ExpositionReaderState(options.Text, options.MaxLineBytes));
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 << 10, leaveOpen: true));
        try
        {
            bool completed = false;
            while (!completed)
            {
                ReadResult result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
                completed = result.IsCompleted;
                pipe.AdvanceTo(lines.Read(result.Buffer, completed), result.Buffer.End);
                foreach (MetricSample sample in lines.Samples)
                {
                    yield return sample;
                }

                if (lines.Error is { } error)
                {
                    throw new ExpositionFormatException(error);
                }
            }
        }
        finally
        {
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
    }

    // What is consumed is up to date whenever the action is called: it may throw.
    private static void ReadBlock<TState>(
        in ReadOnlySequence<byte> block, bool isFinal, ExpositionReaderState memory, TState state, SampleAction<TState> onSample,
        ref SequencePosition consumed)
    {
        var reader = new ExpositionReader(block, memory, isFinal);
        try
        {
            while (reader.Read())
            {
                if (reader.Token == ExpositionToken.Sample)
                {
                    onSample(state, new ExpositionSample(in reader, memory.Lines));
                }
            }
        }
        finally
        {
            consumed = reader.Position;
        }

        if (reader.Error is { } error)
        {
            throw new ExpositionFormatException(error);
        }
    }

    private static void ThrowIfCanceled(in ReadResult result)
    {
        if (result.IsCanceled)
        {
            throw new OperationCanceledException("The reading of the pipe was canceled.");
        }
    }

    private static ExpositionReaderState Rent(ExpositionReadOptions options)
    {
        ExpositionReaderState state = Interlocked.Exchange(ref s_spare, null) ?? new ExpositionReaderState();
        state.Options = options.Text;
        state.MaxLineBytes = options.MaxLineBytes;
        state.Reset();
        return state;
    }

    private static void Return(ExpositionReaderState state)
    {
        state.Reset();
        Volatile.Write(ref s_spare, state);
    }
}
