using System.Globalization;
using System.Text;

namespace Exposition.Load;

/// <summary>What is pushed: always the same series, as jobs and task managers do.</summary>
internal static class Bodies
{
    private const int FlinkBytes = 260 << 10;

    /// <summary>Ten series.</summary>
    public static byte[] Small() =>
        Encoding.ASCII.GetBytes("# TYPE rows_processed_total counter\n" + string.Concat(Enumerable.Range(0, 10).Select(static i =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"rows_processed_total{{table=\"table_{i}\",stage=\"load\",worker=\"w-01\",shard=\"{i}\",region=\"eu-central-1\",version=\"1.12.{i}\"}} {i * 17}\n"))));

    /// <summary>A task manager's families: many labels, few series of each.</summary>
    public static byte[] Flink()
    {
        var text = new StringBuilder();
        for (int family = 0; text.Length < FlinkBytes; family++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"# HELP flink_taskmanager_job_task_operator_metric_{family} metric_{family} (scope: taskmanager_job_task_operator)\n# "
                + $"TYPE flink_taskmanager_job_task_operator_metric_{family} gauge\n");
            for (int task = 0; task < 4; task++)
            {
                text.Append(CultureInfo.InvariantCulture,
                    $"flink_taskmanager_job_task_operator_metric_{family}{{job_id=\"5f4dcc3b5aa765d61d8327deb882cf99\",task_id=\"cbc357ccb763df2852fee8c4fc7d55f2\",task_attempt_id=\"e1f3a1c2d3b4a5968778695a4b3c2d1e\",host=\"worker_17\",operator_name=\"Source__clicks____Map\",task_name=\"Source__clicks____Map____Sink\",subtask_index=\"{task}\",tm_id=\"container_1700000000000_0001_01_000002\"}} {(family * 31) + task}.0\n");
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
