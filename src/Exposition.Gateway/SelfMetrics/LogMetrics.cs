using Exposition.Formats;
using Exposition.Gateway.Logging;
using Exposition.Kestrel.Logging;

namespace Exposition.Gateway.SelfMetrics;

/// <summary>How much is logged.</summary>
internal sealed class LogMetrics(LineLoggerProvider lines, LogBudget budget) : IMetricSource
{
    public void Collect(FamilySet into)
    {
        into.AddCounter("pushgateway_log_lines_suppressed_total"u8,
            "Lines that were not written: there were too many like them, or nobody read the log."u8, budget.Suppressed + lines.Lost);
        lines.Written.Collect(into, "pushgateway_log_lines_total"u8, "Lines of the log that were written."u8, "level"u8);
    }
}
