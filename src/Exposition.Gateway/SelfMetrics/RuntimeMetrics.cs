using System.Globalization;
using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Gateway.SelfMetrics;

/// <summary>What the runtime says of its garbage collector and its threads.</summary>
internal sealed class RuntimeMetrics : IMetricSource
{
    private static readonly byte[][] s_generations =
        [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(static g => Encoding.UTF8.GetBytes(g.ToString(CultureInfo.InvariantCulture)))];

    public void Collect(FamilySet into)
    {
        into.AddCounter("dotnet_gc_allocated_bytes_total"u8, "Bytes allocated on the managed heap since the start."u8,
            GC.GetTotalAllocatedBytes());
        int collections = into.AddFamily("dotnet_gc_collections_total"u8, MetricType.Counter,
            "Garbage collections since the start, by the oldest generation that they collected."u8);
        for (int generation = 0; generation < s_generations.Length; generation++)
        {
            // The runtime counts a collection of a generation for the younger ones, too.
            int older = generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0;
            into.AddSample(collections, Math.Max(0, GC.CollectionCount(generation) - older));
            into.AddLabel("generation"u8, s_generations[generation]);
        }

        into.AddGauge("dotnet_gc_committed_bytes"u8, "Memory that the managed heap had of the system at the last garbage collection."u8,
            GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes);
        into.AddGauge("dotnet_gc_heap_bytes"u8, "Objects on the managed heap, those that nobody needs any more included."u8,
            GC.GetTotalMemory(forceFullCollection: false));
        into.AddCounter("dotnet_gc_pause_seconds_total"u8, "Time since the start in which garbage collections let nothing else run."u8,
            GC.GetTotalPauseDuration().TotalSeconds);
        into.AddCounter("dotnet_thread_pool_completed_items_total"u8, "Work that the thread pool has done since the start."u8,
            ThreadPool.CompletedWorkItemCount);
        into.AddGauge("dotnet_thread_pool_queue_length"u8, "Work that waits for a thread of the pool."u8, ThreadPool.PendingWorkItemCount);
        into.AddGauge("dotnet_thread_pool_threads"u8, "Threads of the pool."u8, ThreadPool.ThreadCount);
    }
}
