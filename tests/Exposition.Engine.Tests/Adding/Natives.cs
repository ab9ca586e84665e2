using Exposition.Formats;

namespace Exposition.Engine.Tests.Adding;

/// <summary>Native histograms that are pushed and read back.</summary>
internal static class Natives
{
    public static PushOutcome Push(Adder adder, in NativeHistogramValue value, PushMode mode = PushMode.Add, string source = "")
    {
        var set = new FamilySet();
        var writer = new ExpositionWriter(set);
        writer.StartFamily("h", MetricType.Histogram, "Seconds.");
        writer.WriteNativeHistogram(value);
        writer.Complete();
        adder.Clock.Advance();
        return adder.Store.Push(Adder.Key, new Written(set), mode, Adder.Details("", source));
    }

    /// <summary>What is stored.</summary>
    public static NativeHistogram Of(Adder adder)
    {
        using StoreView view = adder.Store.OpenView();
        var set = new FamilySet();
        Assert.True(view.Groups[0].TryGet("h"u8, out FamilyEntry entry));
        entry.Read(set);
        Assert.True(NativeHistogram.TryRead(set.Text(set.Metrics[0].Raw), out NativeHistogram? histogram));
        return histogram;
    }

    /// <summary>What scrapes in text show: count and sum.</summary>
    public static string Totals(Adder adder) =>
        string.Join(' ', adder.Shown().Split('\n').Where(line => line.StartsWith("h_sum", StringComparison.Ordinal)
            || line.StartsWith("h_count", StringComparison.Ordinal)));

    private sealed class Written(FamilySet set) : IMetricSource
    {
        public void Collect(FamilySet into)
        {
            var writer = new System.Buffers.ArrayBufferWriter<byte>();
            ProtobufFormat.WriteMetrics(set, 0, writer);
            into.Reset(writer.WrittenMemory.ToArray());
            int family = into.AddFamily("h", MetricType.Histogram, "Seconds.");
            Assert.True(ProtobufFormat.TryReadMetrics(family, into, out FormatError error), error.ToString());
        }
    }
}
