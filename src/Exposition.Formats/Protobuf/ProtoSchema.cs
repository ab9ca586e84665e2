using System.Diagnostics.CodeAnalysis;

namespace Exposition.Formats.Protobuf;

/// <summary>The messages of io.prometheus.client (client_model 0.6.2) and google.protobuf.Timestamp.</summary>
internal enum ProtoMessage : byte
{
    Metric,
    LabelPair,
    Scalar,
    Counter,
    Summary,
    Quantile,
    Histogram,
    Bucket,
    BucketSpan,
    Exemplar,
    Timestamp,
}

/// <summary>The type of a protobuf field.</summary>
internal enum ProtoKind : byte
{
    Double,
    UInt64,
    Int64,
    UInt32,
    Int32,
    SInt32,
    SInt64,
    Text,
    Message,
}

/// <summary>A field of a message. Where it may occur several times, numbers may come packed.</summary>
internal sealed record ProtoField(int Number, string Name, ProtoKind Kind, bool Repeated = false, ProtoMessage Child = default)
{
    public WireType WireType => Kind switch
    {
        ProtoKind.Double => WireType.Fixed64,
        ProtoKind.Text or ProtoKind.Message => WireType.Bytes,
        _ => WireType.Varint,
    };

    public bool IsNumber => Kind < ProtoKind.Text;
}

/// <summary>The fields of the messages inside a metric, as a table: what is not decoded into rows is checked and printed by it.</summary>
internal static class ProtoSchema
{
    private const int MaxField = 16;

    private static readonly ProtoField?[] s_fields = Build();

    /// <summary>Finds the field with the number and wire type of a tag; a packed run of numbers counts as the field.</summary>
    public static bool TryGetField(ProtoMessage message, uint tag, [NotNullWhen(true)] out ProtoField? field)
    {
        field = tag >> 3 <= MaxField ? s_fields[((int)message * (MaxField + 1)) + (int)(tag >> 3)] : null;
        return field is not null && ((WireType)(tag & 7) == field.WireType || IsPacked(field, tag));
    }

    public static bool IsPacked(ProtoField field, uint tag) =>
        field is { Repeated: true, IsNumber: true } && (WireType)(tag & 7) == WireType.Bytes;

    /// <summary>Whether a message and all messages in it are well formed. The depth is that of the schema.</summary>
    public static bool IsWellFormed(ProtoMessage message, ReadOnlySpan<byte> data)
    {
        var reader = new ProtoReader(data);
        SkipFields(message, ref reader);
        return reader.IsWhole;
    }

    /// <summary>Steps over a message and checks all that is in it.</summary>
    public static void SkipMessage(ProtoMessage message, ref ProtoReader outer)
    {
        ProtoReader reader = outer.Enter();
        SkipFields(message, ref reader);
        outer.Leave(in reader);
    }

    /// <summary>Steps over the value of a field and checks all that is in it.</summary>
    public static void SkipField(ProtoField field, uint tag, ref ProtoReader reader)
    {
        if (field.Kind == ProtoKind.Message)
        {
            SkipMessage(field.Child, ref reader);
        }
        else if (IsPacked(field, tag))
        {
            ProtoReader run = reader.Enter();
            while (!run.AtEnd)
            {
                _ = field.Kind == ProtoKind.Double ? run.TryReadFixed64(out _) : run.TryReadVarint(out _);
            }

            reader.Leave(in run);
        }
        else
        {
            reader.TrySkip(tag);
        }
    }

    private static void SkipFields(ProtoMessage message, ref ProtoReader reader)
    {
        while (reader.TryReadTag(out uint tag))
        {
            if (TryGetField(message, tag, out ProtoField? field))
            {
                SkipField(field, tag, ref reader);
            }
            else
            {
                reader.TrySkip(tag);
            }
        }
    }

    private static ProtoField?[] Build()
    {
        var fields = new ProtoField?[Enum.GetValues<ProtoMessage>().Length * (MaxField + 1)];
        Define(ProtoMessage.Metric, Messages(1, "label", ProtoMessage.LabelPair), Message(2, "gauge", ProtoMessage.Scalar),
            Message(3, "counter", ProtoMessage.Counter), Message(4, "summary", ProtoMessage.Summary),
                Message(5, "untyped", ProtoMessage.Scalar),
            new(6, "timestamp_ms", ProtoKind.Int64), Message(7, "histogram", ProtoMessage.Histogram));
        Define(ProtoMessage.LabelPair, new(1, "name", ProtoKind.Text), new(2, "value", ProtoKind.Text));
        Define(ProtoMessage.Scalar, new ProtoField(1, "value", ProtoKind.Double));
        Define(ProtoMessage.Counter, new(1, "value", ProtoKind.Double), Message(2, "exemplar", ProtoMessage.Exemplar),
            Message(3, "created_timestamp", ProtoMessage.Timestamp));
        Define(ProtoMessage.Summary, new(1, "sample_count", ProtoKind.UInt64), new(2, "sample_sum", ProtoKind.Double),
            Messages(3, "quantile", ProtoMessage.Quantile), Message(4, "created_timestamp", ProtoMessage.Timestamp));
        Define(ProtoMessage.Quantile, new(1, "quantile", ProtoKind.Double), new(2, "value", ProtoKind.Double));
        Define(ProtoMessage.Histogram, new(1, "sample_count", ProtoKind.UInt64), new(2, "sample_sum", ProtoKind.Double),
            Messages(3, "bucket", ProtoMessage.Bucket), new(4, "sample_count_float", ProtoKind.Double), new(5, "schema", ProtoKind.SInt32),
            new(6, "zero_threshold", ProtoKind.Double), new(7, "zero_count", ProtoKind.UInt64),
                new(8, "zero_count_float", ProtoKind.Double),
            Messages(9, "negative_span", ProtoMessage.BucketSpan), new(10, "negative_delta", ProtoKind.SInt64, Repeated: true),
            new(11, "negative_count", ProtoKind.Double, Repeated: true), Messages(12, "positive_span", ProtoMessage.BucketSpan),
            new(13, "positive_delta", ProtoKind.SInt64, Repeated: true), new(14, "positive_count", ProtoKind.Double, Repeated: true),
            Message(15, "created_timestamp", ProtoMessage.Timestamp), Messages(16, "exemplars", ProtoMessage.Exemplar));
        Define(ProtoMessage.Bucket, new(1, "cumulative_count", ProtoKind.UInt64), new(2, "upper_bound", ProtoKind.Double),
            Message(3, "exemplar", ProtoMessage.Exemplar), new(4, "cumulative_count_float", ProtoKind.Double));
        Define(ProtoMessage.BucketSpan, new(1, "offset", ProtoKind.SInt32), new(2, "length", ProtoKind.UInt32));
        Define(ProtoMessage.Exemplar, Messages(1, "label", ProtoMessage.LabelPair), new(2, "value", ProtoKind.Double),
            Message(3, "timestamp", ProtoMessage.Timestamp));
        Define(ProtoMessage.Timestamp, new(1, "seconds", ProtoKind.Int64), new(2, "nanos", ProtoKind.Int32));
        return fields;

        void Define(ProtoMessage message, params ReadOnlySpan<ProtoField> defined)
        {
            foreach (ProtoField field in defined)
            {
                fields[((int)message * (MaxField + 1)) + field.Number] = field;
            }
        }

        static ProtoField Message(int number, string name, ProtoMessage child) => new(number, name, ProtoKind.Message, Child: child);

        static ProtoField Messages(int number, string name, ProtoMessage child) =>
            new(number, name, ProtoKind.Message, Repeated: true, child);
    }
}
