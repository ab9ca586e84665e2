using System.Buffers;
using System.Runtime.CompilerServices;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Writing;
using Exposition.Harness;
using Exposition.Load.Bodies;

namespace Exposition.Instructions;

/// <summary>What a gateway does all the time, each with the same bytes in every run. Whatever goes wrong throws.</summary>
internal static class HotPaths
{
    private const int Seed = 20260106;
    private const int Bodies = 8;
    private const int Groups = 100;
    private const int BlockBytes = 64 << 10;

    private static readonly TextReadOptions s_text = new(NameScheme.Legacy, Lenient: true);

    private static readonly GroupingKey s_key = GroupingKey.Create(("job", "instructions"));

    /// <summary>By name: what prepares the case, and returns what is counted.</summary>
    public static IReadOnlyDictionary<string, Func<Action>> All { get; } = new Dictionary<string, Func<Action>>
    {
        ["read-text"] = static () => Read(Flink()[0].Bytes, TextFormatRead),
        ["read-protobuf"] = static () => Read(Protobuf(Flink()[0].Bytes), ProtobufFormat.TryRead),
        ["write-text"] = WriteText,
        ["write-protobuf"] = WriteProtobuf,
        ["push-repeated-small"] = static () => Push([.. Rewritten(SmallBody.Make()).Select(static body => body.Bytes)], PushFormat.Text),
        ["push-repeated-text"] = static () => Push([.. Flink().Select(static body => body.Bytes)], PushFormat.Text),
        ["push-repeated-protobuf"] =
            static () => Push([.. Flink().Select(static body => Protobuf(body.Bytes))], PushFormat.Protobuf),
        ["push-added-small"] =
            static () => Push([.. Rewritten(SmallBody.Make()).Select(static body => body.Bytes)], PushFormat.Text, PushMode.Add),
        ["push-added-text"] = static () => Push([.. Flink().Select(static body => body.Bytes)], PushFormat.Text, PushMode.Add),
        ["push-new-shape"] = PushNewShapes,
        ["scrape-text"] = static () => Scrape(new ScrapeOptions()),
        ["scrape-protobuf"] = static () => Scrape(new ScrapeOptions { Format = ScrapeFormat.ProtobufDelimited }),
    };

    /// <summary>Counted when they are named: a text in blocks, for the reader of lines, beside the same in one piece.</summary>
    public static IReadOnlyDictionary<string, Func<Action>> Named { get; } = new Dictionary<string, Func<Action>>
    {
        ["read-lines"] = static () => ReadLines(Flink()[0].Bytes),
        ["read-lines-sequence"] = static () => ReadLines(Segments.Each(BlockBytes, Flink()[0].Bytes)),
        ["read-lines-pipe"] = ReadLinesOfPipe,
    };

    private delegate bool Reader(ReadOnlyMemory<byte> body, FamilySet into, out FormatError error);

    private static bool TextFormatRead(ReadOnlyMemory<byte> body, FamilySet into, out FormatError error) =>
        TextFormat.TryRead(body, s_text, into, out error);

    private static Action Read(byte[] body, Reader read)
    {
        var set = new FamilySet();
        return () => Require(read(body, set, out FormatError error), error);
    }

    private static Action ReadLines(byte[] body)
    {
        var state = new ExpositionReaderState(s_text);
        return () =>
        {
            state.Reset();
            ReadLines(new ExpositionReader(body, state));
        };
    }

    private static Action ReadLines(ReadOnlySequence<byte> blocks)
    {
        var state = new ExpositionReaderState(s_text);
        return () =>
        {
            state.Reset();
            ReadLines(new ExpositionReader(blocks, state));
        };
    }

    private static void ReadLines(ExpositionReader reader)
    {
        int samples = 0;
        while (reader.Read())
        {
            samples += reader.Token == ExpositionToken.Sample && !double.IsNaN(reader.Value) ? 1 : 0;
        }

        Require(samples > 0 && reader.Error is null, reader.Error ?? default);
    }

    private static Action ReadLinesOfPipe()
    {
        var pipe = new BlocksReader(Segments.Each(BlockBytes, Flink()[0].Bytes));
        var options = new ExpositionReadOptions { Names = s_text.Names, Lenient = s_text.Lenient };
        var samples = new StrongBox<int>();
        return () =>
        {
            pipe.Restart();
            samples.Value = 0;
            ExpositionText.ReadAsync(
                pipe, samples, static (count, sample) => count.Value += double.IsNaN(sample.Value) ? 0 : 1, options).AsTask().Wait();
            Require(samples.Value > 0, default);
        };
    }

    private static Action WriteText()
    {
        FamilySet set = Set(Flink()[0].Bytes);
        var output = new ArrayBufferWriter<byte>(4 << 20);
        var text = new FamilyOutput(ScrapeFormat.Text, EscapingScheme.Underscores);
        return () =>
        {
            output.ResetWrittenCount();
            for (int family = 0; family < set.Families.Length; family++)
            {
                text.Write(set, family, isLast: true, output);
            }
        };
    }

    private static Action WriteProtobuf()
    {
        FamilySet set = Set(Flink()[0].Bytes);
        var output = new ArrayBufferWriter<byte>(4 << 20);
        var metrics = new ArrayBufferWriter<byte>(4 << 20);
        return () => WriteProtobuf(set, metrics, output);
    }

    private static void WriteProtobuf(FamilySet set, ArrayBufferWriter<byte> metrics, ArrayBufferWriter<byte> output)
    {
        output.ResetWrittenCount();
        for (int family = 0; family < set.Families.Length; family++)
        {
            metrics.ResetWrittenCount();
            ProtobufFormat.WriteMetrics(set, family, metrics);
            FamilyRow row = set.Families[family];
            ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.Underscores,
                metrics.WrittenCount, output);
            output.Write(metrics.WrittenSpan);
        }
    }

    private static Action Push(byte[][] bodies, PushFormat format, PushMode mode = PushMode.Replace)
    {
        var store = new MetricStore(new StoreOptions());
        int next = 0;
        Action push = () => store.Push(s_key, format, bodies[next++ % bodies.Length], mode).ThrowIfRefused();

        // Until memory is used again.
        for (int i = 0; i < 2 * Bodies; i++)
        {
            push();
        }

        return push;
    }

    // Task managers that have been started again: what is known of the group's last body is of no use.
    private static Action PushNewShapes()
    {
        var manager = new FlinkTaskManager(0, 2, new Random(Seed));
        var bodies = new byte[Bodies][];
        for (int i = 0; i < Bodies; i++)
        {
            bodies[i] = manager.Body.Bytes;
            manager.Restart();
        }

        return Push(bodies, PushFormat.Text);
    }

    private static Action Scrape(ScrapeOptions options)
    {
        var store = new MetricStore(new StoreOptions());
        byte[] body = SmallBody.Make().Bytes;
        for (int group = 0; group < Groups; group++)
        {
            store.Push(GroupingKey.Create(("job", "small"), ("instance", $"i{group}")), PushFormat.Text, body, PushMode.Replace)
                .ThrowIfRefused();
        }

        store.Push(s_key, PushFormat.Text, Flink()[0].Bytes, PushMode.Replace).ThrowIfRefused();
        var output = new ArrayBufferWriter<byte>(8 << 20);
        return () =>
        {
            output.ResetWrittenCount();
            store.WriteTo(output, options);
        };
    }

    private static PushBody[] Flink() => Rewritten(new FlinkTaskManager(0, 2, new Random(Seed)).Body);

    private static PushBody[] Rewritten(PushBody body)
    {
        var random = new Random(Seed);
        var bodies = new PushBody[Bodies];
        for (int i = 0; i < Bodies; i++)
        {
            body = body.Copy();
            body.Rewrite(random);
            bodies[i] = body;
        }

        return bodies;
    }

    private static byte[] Protobuf(byte[] text)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteProtobuf(Set(text), new ArrayBufferWriter<byte>(), output);
        return output.WrittenSpan.ToArray();
    }

    private static FamilySet Set(byte[] text)
    {
        var set = new FamilySet();
        Require(TextFormatRead(text, set, out FormatError error), error);
        return set;
    }

    private static void Require(bool isRead, FormatError error)
    {
        if (!isRead)
        {
            throw new InvalidOperationException(error.ToString());
        }
    }
}
