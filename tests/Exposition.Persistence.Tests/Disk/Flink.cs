using System.Globalization;
using System.Text;

namespace Exposition.Persistence.Tests.Disk;

/// <summary>Bodies as Flink's reporter pushes them: long label blocks, and numbers of which a share changes from push to push.</summary>
internal sealed class Flink
{
    private readonly string[] _names;
    private readonly string[] _values;
    private readonly Random _random;

    public Flink(int job, int series)
    {
        _random = new Random(job);
        string task =
            $"job_id=\"{Hex(32)}\",job_name=\"orders_{job:d2}\",host=\"10_42_7_{job}\",tm_id=\"10_42_7_{job}_6122_{Hex(6)}\",task_id=\"{Hex(32)}\","
            + "task_name=\"Source:_orders_kafka_topic____Map____Timestamps_Watermarks\"";
        var names = new List<string>();
        for (int subtask = 0; names.Count < series; subtask++)
        {
            string labels =
                $"{task},task_attempt_id=\"{Hex(32)}\",subtask_index=\"{subtask}\",operator_id=\"{Hex(32)}\",operator_name=\"Source:_orders\",";
            for (int metric = 0; metric < 30 && names.Count < series; metric++)
            {
                names.Add($"flink_taskmanager_job_task_operator_KafkaSourceReader_metric_{metric:d2}{{{labels}}}");
            }
        }

        _names = [.. names.Order(StringComparer.Ordinal)];
        _values = [.. _names.Select(_ => Value())];
    }

    /// <summary>Changes a share of the values.</summary>
    /// <returns>How many.</returns>
    public int Change(double share)
    {
        int changed = 0;
        for (int i = 0; i < _values.Length; i++)
        {
            if (_random.NextDouble() < share)
            {
                _values[i] = Value();
                changed++;
            }
        }

        return changed;
    }

    public byte[] Body()
    {
        var body = new StringBuilder();
        string family = "";
        for (int i = 0; i < _names.Length; i++)
        {
            string name = _names[i][.._names[i].IndexOf('{', StringComparison.Ordinal)];
            if (name != family)
            {
                body.Append(CultureInfo.InvariantCulture,
                    $"# HELP {name} {name} (scope: taskmanager_job_task_operator)\n# TYPE {name} gauge\n");
                family = name;
            }

            body.Append(_names[i]).Append(' ').Append(_values[i]).Append('\n');
        }

        return Encoding.UTF8.GetBytes(body.ToString());
    }

    private string Hex(int digits) => _random.GetHexString(digits, lowercase: true);

    // The mix that is seen in such bodies: zeros, a few NaN, integers, large numbers, and ratios with all their digits.
    private string Value() => _random.Next(20) switch
    {
        < 5 => "0.0",
        5 => "NaN",
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{_random.Next(1_000_000)}.0"),
        < 15 => string.Create(CultureInfo.InvariantCulture, $"{1 + (_random.NextDouble() * 9):f7}E{_random.Next(7, 13)}"),
        _ => (_random.NextDouble() * 1000).ToString("R", CultureInfo.InvariantCulture),
    };
}
