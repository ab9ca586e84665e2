using Exposition.Formats;
using Exposition.Kestrel;

namespace Exposition.Gateway.Own;

/// <summary>The <c>process_*</c> families, with the reference's names and help texts; none where there is no /proc.</summary>
internal sealed class ProcessMetrics(ProcFiles proc) : IOwnMetrics
{
    public void Collect(FamilySet into)
    {
        (double? cpu, double? virtualBytes, double? resident, double? started) = proc.ReadStat();
        (double? maxFiles, double? maxMemory) = proc.ReadLimits();
        (double? received, double? sent) = proc.ReadNetwork();
        Add(into, "process_cpu_seconds_total"u8, "Total user and system CPU time spent in seconds."u8, MetricType.Counter, cpu);
        Add(into, "process_max_fds"u8, "Maximum number of open file descriptors."u8, MetricType.Gauge, maxFiles);
        Add(into, "process_network_receive_bytes_total"u8, "Number of bytes received by the process over the network."u8, MetricType.Counter, received);
        Add(into, "process_network_transmit_bytes_total"u8, "Number of bytes sent by the process over the network."u8, MetricType.Counter, sent);
        Add(into, "process_open_fds"u8, "Number of open file descriptors."u8, MetricType.Gauge, proc.CountOpenFiles());
        Add(into, "process_resident_memory_bytes"u8, "Resident memory size in bytes."u8, MetricType.Gauge, resident);
        Add(into, "process_start_time_seconds"u8, "Start time of the process since unix epoch in seconds."u8, MetricType.Gauge, started);
        Add(into, "process_virtual_memory_bytes"u8, "Virtual memory size in bytes."u8, MetricType.Gauge, virtualBytes);
        Add(into, "process_virtual_memory_max_bytes"u8, "Maximum amount of virtual memory available in bytes."u8, MetricType.Gauge, maxMemory);
    }

    private static void Add(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, MetricType type, double? value)
    {
        if (value is { } number)
        {
            int metric = into.AddMetric(into.AddFamily(name, type, help));
            into.Metrics[metric].Value = number;
            into.Metrics[metric].Content = type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        }
    }
}
