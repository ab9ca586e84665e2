using Exposition.Formats;
using Exposition.Gateway.Machine;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Gateway.SelfMetrics;

// Reading /proc can cost milliseconds, so that scrapes that follow each other closely share one reading, and nobody waits for another's.

/// <summary>The <c>process_*</c> families, with the Pushgateway's names and help texts; none where there is no /proc.</summary>
internal sealed class ProcessMetrics(ProcFiles proc, TimeProvider time) : IMetricSource
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private volatile Reading? _last;

    public void Collect(FamilySet into)
    {
        Reading now = Read();
        Add(into, "process_cpu_seconds_total"u8, "Total user and system CPU time spent in seconds."u8, MetricType.Counter, now.Cpu);
        Add(into, "process_max_fds"u8, "Maximum number of open file descriptors."u8, MetricType.Gauge, now.MaxFiles);
        Add(into, "process_memory_limit_bytes"u8, "Memory that the process may use by its control groups; 0 for no limit."u8,
            MetricType.Gauge, now.Resident is null ? null : ContainerMemory.OfProcess);

        Add(into, "process_network_receive_bytes_total"u8, "Number of bytes received by the process over the network."u8,
            MetricType.Counter, now.Received);
        Add(into, "process_network_transmit_bytes_total"u8, "Number of bytes sent by the process over the network."u8, MetricType.Counter,
            now.Sent);
        Add(into, "process_open_fds"u8, "Number of open file descriptors."u8, MetricType.Gauge, now.OpenFiles);
        Add(into, "process_resident_memory_bytes"u8, "Resident memory size in bytes."u8, MetricType.Gauge, now.Resident);
        Add(into, "process_start_time_seconds"u8, "Start time of the process since unix epoch in seconds."u8, MetricType.Gauge,
            now.Started);
        Add(into, "process_threads"u8, "Threads of the process."u8, MetricType.Gauge, now.Threads);
        Add(into, "process_virtual_memory_bytes"u8, "Virtual memory size in bytes."u8, MetricType.Gauge, now.Virtual);
        Add(into, "process_virtual_memory_max_bytes"u8, "Maximum amount of virtual memory available in bytes."u8, MetricType.Gauge,
            now.MaxMemory);
    }

    private Reading Read()
    {
        Reading? last = _last;
        if (last is not null && time.GetElapsedTime(last.At) <= s_fresh)
        {
            return last;
        }

        if (last is not null && !_lock.TryEnter())
        {
            return last;
        }

        if (last is null)
        {
            _lock.Enter();
        }

        try
        {
            (double? cpu, double? virtualBytes, double? resident, double? started, double? threads) = proc.ReadStat();
            (double? maxFiles, double? maxMemory) = proc.ReadLimits();
            (double? received, double? sent) = proc.ReadNetwork();
            return _last = new Reading(
                time.GetTimestamp(), cpu, virtualBytes, resident, started, maxFiles, maxMemory, received, sent, proc.CountOpenFiles(),
                threads);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private static void Add(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, MetricType type, double? value)
    {
        if (value is { } number)
        {
            into.AddSample(into.AddFamily(name, type, help), number);
        }
    }

    private sealed record Reading(
        long At, double? Cpu, double? Virtual, double? Resident, double? Started, double? MaxFiles, double? MaxMemory, double? Received,
            double? Sent, double? OpenFiles, double? Threads);
}
