using System.Globalization;
using System.Text;

namespace Exposition.Load.Bodies;

/// <summary>
/// A task manager that runs some subtasks of one job, a chain from a Kafka source and a chain into a Kafka sink, and what its reporter
/// pushes. Whatever starts it draws new names: the group's, its own and those of its attempts. So old groups stay behind, as they do.
/// </summary>
internal sealed class FlinkTaskManager
{
    private const int Partitions = 2;

    // In the order of no name: the reporter's registry is a hash table.
    private const int OrderSeed = 20260105;

    private static readonly string[] s_quantiles = ["0.0", "0.5", "0.75", "0.95", "0.98", "0.99", "0.999", "1.0"];
    private static readonly string[] s_sourceChain = ["Source:_orders", "enrich_step_1", "enrich_step_2"];
    private static readonly string[] s_sinkChain = ["Window_1", "Sink:_Writer"];
    private static readonly FlinkFamily[] s_families = Shuffled();

    private readonly int _number;
    private readonly int _slots;
    private readonly Random _random;

    /// <summary>Starts one.</summary>
    /// <param name="number">Which one of the cluster.</param>
    /// <param name="slots">Subtasks of each of its two tasks; two make a body of about 400 KiB.</param>
    /// <param name="random">Names and values are drawn from it.</param>
    public FlinkTaskManager(int number, int slots, Random random)
    {
        _number = number;
        _slots = slots;
        _random = random;
        Restart();
    }

    /// <summary>The job of its group: the configured name and what the reporter appends, new at each start.</summary>
    public string JobName { get; private set; } = "";

    /// <summary>What it pushes next.</summary>
    public PushBody Body { get; private set; } = PushBody.Of("");

    /// <summary>How often it has been started again.</summary>
    public int Restarts { get; private set; } = -1;

    /// <summary>Starts it again, under new names.</summary>
    public void Restart()
    {
        Restarts++;
        JobName = "flink" + Hex();
        Body = PushBody.Of(Text());
    }

    private string Text()
    {
        string host = $"10_244_{_number / 250}_{(_number % 250) + 1}";
        string process = $"host=\"{host}\",tm_id=\"{host}:6122_{Hex()[..6]}\",";
        var series = new Dictionary<string, List<string>> { ["tm"] = [process] };
        AddTask(series, "Source:_orders____enrich_step_1____enrich_step_2", s_sourceChain, host, process);
        AddTask(series, "Window_1____Sink:_Writer", s_sinkChain, host, process);
        var text = new StringBuilder();
        foreach (FlinkFamily family in s_families)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Name} {family.Metric} (scope: {family.Group})\n")
                .Append(CultureInfo.InvariantCulture, $"# TYPE {family.Name} {(family.IsSummary ? "summary" : "gauge")}\n");
            foreach (string labels in series[family.Scope])
            {
                Append(text, family, labels);
            }
        }

        return text.ToString();
    }

    private void AddTask(Dictionary<string, List<string>> series, string name, string[] operators, string host, string process)
    {
        string job = HexOf("job"), task = HexOf(name);
        for (int slot = 0; slot < _slots; slot++)
        {
            int subtask = (_number * _slots) + slot;
            string attempt = $"job_id=\"{job}\",task_id=\"{task}\",task_attempt_id=\"{Hex()}_{task}_{subtask}_{Restarts}\",host=\"{host}\",";
            string rest = $"task_name=\"{name}\",task_attempt_num=\"{Restarts}\",job_name=\"orders_enrichment\","
                + $"{process[(process.IndexOf(',') + 1)..]}subtask_index=\"{subtask}\",";
            Add("task", attempt + rest);
            foreach (string op in operators)
            {
                string labels = $"{attempt}operator_id=\"{HexOf(op)}\",operator_name=\"{op}\",{rest}";
                Add("op", labels);
                if (op.StartsWith("Sink", StringComparison.Ordinal))
                {
                    Add("sink", labels);
                }
                else if (op.StartsWith("Source", StringComparison.Ordinal))
                {
                    Add("source", labels);
                    for (int partition = 0; partition < Partitions; partition++)
                    {
                        Add("partition", $"{labels}topic=\"orders\",partition=\"{(subtask * Partitions) + partition}\",");
                    }
                }
            }
        }

        void Add(string scope, string labels)
        {
            if (!series.TryGetValue(scope, out List<string>? all))
            {
                series[scope] = all = [];
            }

            all.Add(labels);
        }
    }

    private void Append(StringBuilder text, FlinkFamily family, string labels)
    {
        if (!family.IsSummary)
        {
            text.Append(CultureInfo.InvariantCulture, $"{family.Name}{{{labels}}} {Value()}\n");
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"{family.Name}_count{{{labels}}} {_random.Next(100_000, 1_000_000)}.0\n");
        foreach (string quantile in s_quantiles)
        {
            text.Append(CultureInfo.InvariantCulture, $"{family.Name}{{{labels}quantile=\"{quantile}\",}} {_random.Next(10, 200)}.0\n");
        }
    }

    // Java's numbers, in the shares that were seen: a quarter of zeros, large ones with an exponent, rates with many digits, some without
    // a value.
    private string Value() => _random.Next(100) switch
    {
        < 26 => "0.0",
        < 32 => "NaN",
        < 33 => "-9.223372036854776E18",
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{(_random.NextDouble() * 9) + 1:0.000000000}E{_random.Next(7, 11)}"),
        < 85 => string.Create(CultureInfo.InvariantCulture, $"{_random.Next(100, 1_000_000)}.0"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(_random.NextDouble() * 90_000) + 100:0.00000000000}"),
    };

    private string Hex() => _random.GetHexString(32, lowercase: true);

    // What the whole cluster has in common: jobs, tasks and operators keep their ids over restarts.
    private static string HexOf(string name) => new Random(name.Aggregate(OrderSeed, static (sum, c) => unchecked((sum * 31) + c)))
        .GetHexString(32, lowercase: true);

    private static FlinkFamily[] Shuffled()
    {
        FlinkFamily[] families = [.. FlinkFamily.All];
        new Random(OrderSeed).Shuffle(families);
        return families;
    }
}
