using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Exposition.Benchmarks;

/// <summary>
/// The exposition bodies that are measured: made here from a fixed seed, so that every checkout has them, and real ones
/// where recordings lie beside the checkout (<c>../shared</c>, or <c>EXPOSITION_SHARED</c>).
/// </summary>
public static class Bodies
{
    private const int Seed = 20260101;
    private const int Cities = 40;

    private static readonly Dictionary<string, Func<byte[]>> s_made = new()
    {
        ["flink"] = () => Encoding.UTF8.GetBytes(Flink(series: 900)),
        ["gauges"] = () => Encoding.UTF8.GetBytes(Gauges(series: 10_000)),
        ["histograms"] = () => Encoding.UTF8.GetBytes(Histograms(metrics: 500)),
        ["small"] = () => Encoding.UTF8.GetBytes(Gauges(series: 10)),
        ["numbers"] = () => Encoding.UTF8.GetBytes(Numbers(count: 10_000)),
        ["syn"] = SyntheticBody.Make,
    };

    private static readonly Dictionary<string, string> s_recorded = new()
    {
        ["recorded flink 2x5"] = "wire/bodies/flink-tm-2x5.txt.gz",
        ["recorded flink 8x12"] = "wire/bodies/flink-tm-8x12-kafka.txt.gz",
        ["recorded node and go"] = "bench-data/promtestdata.txt.gz",
        ["recorded all types"] = "bench-data/alltypes.237mfs.prom.txt.gz",
    };

    private static readonly Dictionary<string, byte[]> s_loaded = [];

    /// <summary>The names of the bodies that are there.</summary>
    public static IEnumerable<string> Names =>
        s_made.Keys.Concat(s_recorded.Where(entry => File.Exists(Shared(entry.Value))).Select(entry => entry.Key));

    /// <summary>
    /// A choice that is measured in a minute or two: the real ones, or else what comes near them, and the one that cannot be learned.
    /// </summary>
    public static IEnumerable<string> Few
    {
        get
        {
            var recorded = Names.Where(s_recorded.ContainsKey).Where(name => name != "recorded flink 2x5").ToList();
            return ["syn", "small", .. recorded.Count > 0 ? recorded : ["flink", "gauges", "histograms"]];
        }
    }

    /// <summary>A body; made or read once.</summary>
    public static byte[] Get(string name)
    {
        if (!s_loaded.TryGetValue(name, out var body))
        {
            s_loaded[name] = body = s_made.TryGetValue(name, out var make) ? make() : Unpack(Shared(s_recorded[name]));
        }

        return body;
    }

    /// <summary>Long, repetitive label blocks with a trailing comma, as Flink's Java client writes them.</summary>
    private static string Flink(int series)
    {
        var random = new Random(Seed);
        var blocks = Enumerable.Range(0, 10).Select(subtask =>
            $"job_id=\"{Hex(random, 32)}\",task_id=\"{Hex(random, 32)}\",task_attempt_id=\"{Hex(random, 32)}_{Hex(random, 32)}_{subtask}_0\",host=\"10_244_3_{subtask}\","
            + $"operator_name=\"Window_TumblingEventTimeWindows_60000_\",task_name=\"{new string('x', 120)}\",job_name=\"orders\",tm_id=\"10_244_3_7:6122_b16630\",subtask_index=\"{subtask}\",").ToArray();
        var text = new StringBuilder();
        for (var i = 0; i < series / blocks.Length; i++)
        {
            var name = $"flink_taskmanager_job_task_operator_metric_number_{i}";
            text.Append(CultureInfo.InvariantCulture,
                $"# HELP {name} metric_number_{i} (scope: taskmanager_job_task_operator)\n# TYPE {name} gauge\n");
            foreach (var block in blocks)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{{block}}} {JavaNumber(random)}\n");
            }
        }

        return text.ToString();
    }

    private static string Gauges(int series)
    {
        var random = new Random(Seed);
        var text = new StringBuilder();
        for (var i = 0; i < series; i++)
        {
            if (i % Cities == 0)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"# HELP backup_step_{i / Cities}_seconds How long the step took.\n# TYPE backup_step_{i / Cities}_seconds gauge\n");
            }

            text.Append(CultureInfo.InvariantCulture,
                $"backup_step_{i / Cities}_seconds{{city=\"city-{i % Cities}\",tier=\"{random.Next(4)}\"}} {random.NextDouble() * 1000:R}\n");
        }

        return text.ToString();
    }

    private static string Histograms(int metrics)
    {
        var random = new Random(Seed);
        var text = new StringBuilder("# HELP request_seconds Latency.\n# TYPE request_seconds histogram\n");
        for (var i = 0; i < metrics; i++)
        {
            var count = 0;
            foreach (var bound in new[] { "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf" })
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"request_seconds_bucket{{route=\"/orders/{i}\",le=\"{bound}\"}} {count += random.Next(100)}\n");
            }

            text.Append(CultureInfo.InvariantCulture,
                $"request_seconds_sum{{route=\"/orders/{i}\"}} "
                + $"{random.NextDouble() * count:R}\nrequest_seconds_count{{route=\"/orders/{i}\"}} {count}\n");
        }

        return text.ToString();
    }

    /// <summary>Nearly nothing but numbers: the share of number parsing and formatting in all.</summary>
    private static string Numbers(int count)
    {
        var random = new Random(Seed);
        var text = new StringBuilder("# TYPE n gauge\n");
        for (var i = 0; i < count; i++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"n{{i=\"{i}\"}} {BitConverter.Int64BitsToDouble(random.NextInt64(0x7FE0_0000_0000_0000)):R}\n");
        }

        return text.ToString();
    }

    /// <summary>The mix that was seen in Flink's bodies: a quarter zeros, a third with an exponent.</summary>
    private static string JavaNumber(Random random) => random.Next(12) switch
    {
        < 3 => "0.0",
        < 7 => string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble() * 9 + 1:0.0########}E{random.Next(7, 12)}"),
        < 11 => string.Create(CultureInfo.InvariantCulture, $"{random.Next(1_000_000)}.0"),
        _ => "NaN",
    };

    private static string Hex(Random random, int length) => random.GetHexString(length, lowercase: true);

    private static string Shared(string path)
    {
        if (Environment.GetEnvironmentVariable("EXPOSITION_SHARED") is { Length: > 0 } set)
        {
            return Path.Combine(set, path);
        }

        // BenchmarkDotNet runs each benchmark from a directory of its own, some levels below the repository.
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Engine.sln")))
            {
                return Path.Combine(directory.Parent!.FullName, "shared", path);
            }
        }

        return path;
    }

    private static byte[] Unpack(string path)
    {
        using var packed = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var whole = new MemoryStream();
        packed.CopyTo(whole);
        return whole.ToArray();
    }
}
