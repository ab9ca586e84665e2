using System.Text;
using Exposition.Formats;
using Exposition.Gateway.Machine;
using Exposition.Gateway.SelfMetrics;

namespace Exposition.Gateway.Tests;

public class SelfMetricsTests
{
    [Fact]
    public void Values_come_from_the_proc_files()
    {
        string root = Directory.CreateTempSubdirectory("exposition-proc").FullName;
        Directory.CreateDirectory(Path.Combine(root, "self", "net"));
        Directory.CreateDirectory(Path.Combine(root, "self", "fd"));
        File.WriteAllText(Path.Combine(root, "stat"), "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n");
        File.WriteAllText(Path.Combine(root, "self", "stat"),
            "42 (odd) name) S 1 1 1 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 12345 1000000 25 18446744073709551615\n");
        File.WriteAllText(Path.Combine(root, "self", "limits"),
            "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 "
                + "524288               files\n"
            + "Max address space         unlimited            unlimited            bytes\n");
        File.WriteAllText(Path.Combine(root, "self", "net", "netstat"),
            "TcpExt: A B\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 777 888\n");
        File.WriteAllText(Path.Combine(root, "self", "fd", "0"), "");
        File.WriteAllText(Path.Combine(root, "self", "fd", "1"), "");
        try
        {
            Dictionary<string, double> values = Collect(new ProcessMetrics(new ProcFiles(root), TimeProvider.System));
            Assert.Equal(2, values["process_cpu_seconds_total"]);
            Assert.Equal(1024, values["process_max_fds"]);
            Assert.Equal(1, values["process_open_fds"]);
            Assert.Equal(777, values["process_network_receive_bytes_total"]);
            Assert.Equal(888, values["process_network_transmit_bytes_total"]);
            Assert.Equal(1000000, values["process_virtual_memory_bytes"]);
            Assert.Equal(25.0 * Environment.SystemPageSize, values["process_resident_memory_bytes"]);
            Assert.Equal(1700000123.45, values["process_start_time_seconds"]);
            Assert.Equal(18446744073709551615.0, values["process_virtual_memory_max_bytes"]);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>However the kernel is asked, what is opened is counted.</summary>
    [Fact]
    public void Open_files_are_counted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /proc");
        double before = new ProcFiles().CountOpenFiles()!.Value;
        List<FileStream> files = [.. Enumerable.Range(0, 500).Select(static _ => File.OpenRead("/dev/null"))];
        double after = new ProcFiles().CountOpenFiles()!.Value;
        files.ForEach(static file => file.Dispose());

        // Other tests open and close files meanwhile.
        Assert.InRange(after - before, 400, 600);
        Assert.InRange(after, 500, 1 + Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() + 700);
    }

    [Fact]
    public void Without_proc_there_are_none() =>
        Assert.Empty(Collect(new ProcessMetrics(new ProcFiles("/nonexistent"), TimeProvider.System)));

    [Fact]
    public void Build_information_has_the_labels_of_the_reference()
    {
        var set = new FamilySet();
        new BuildInfoMetric(BuildIdentity.Current).Collect(set);
        string[] labels = new string[set.Metrics[0].LabelCount];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = Encoding.UTF8.GetString(set.Text(set.LabelsOf(0)[i].Name));
        }

        Assert.Equal(["branch", "goarch", "goos", "goversion", "revision", "tags", "version"], labels);
        Assert.Equal(1, set.Metrics[0].Value);
    }

    private static Dictionary<string, double> Collect(ProcessMetrics own)
    {
        var set = new FamilySet();
        own.Collect(set);
        var values = new Dictionary<string, double>();
        foreach (FamilyRow family in set.Families)
        {
            values[Encoding.UTF8.GetString(set.Text(family.Name))] = set.Metrics[family.FirstMetric].Value;
        }

        return values;
    }
}
