using Exposition.Formats.Translation;

namespace Exposition.Formats.Tests.Otlp;

/// <summary>
/// Names by Prometheus' translation strategies: the rows are the facts of the public tables of its translator, without those of a
/// namespace, which we have none of.
/// </summary>
public sealed class OtlpNamesTests
{
    [Theory]
    [InlineData("simple_metric", "", "gauge", "escaped", "simple_metric", null)]
    [InlineData("metric@with#special$chars", "", "gauge", "escaped", "metric_with_special_chars", null)]
    [InlineData("123metric", "", "gauge", "escaped", "_123metric", null)]
    [InlineData("", "", "gauge", "escaped", null, null)]
    [InlineData("metric@@##$$name", "", "gauge", "escaped", "metric_name", null)]
    [InlineData("@#$%", "", "gauge", "escaped", null, null)]
    [InlineData("@_#_$_%", "", "gauge", "escaped", null, null)]
    [InlineData("requests", "", "counter", "escaped suffixed", "requests_total", "")]
    [InlineData("cpu_usage", "1", "gauge", "escaped suffixed", "cpu_usage_ratio", "")]
    [InlineData("items", "1", "counter", "escaped suffixed", "items_total", "")]
    [InlineData("response_time", "ms", "gauge", "escaped suffixed", "response_time_milliseconds", "milliseconds")]
    [InlineData("memory_usage", "By", "gauge", "escaped suffixed", "memory_usage_bytes", "bytes")]
    [InlineData("requests", "1/s", "gauge", "escaped suffixed", "requests_per_second", "per_second")]
    [InlineData("throughput", "By/s", "gauge", "escaped suffixed", "throughput_bytes_per_second", "bytes_per_second")]
    [InlineData("custom_metric", "custom_unit", "gauge", "escaped suffixed", "custom_metric_custom_unit", "custom_unit")]
    [InlineData("custom_metric", "{custom}", "gauge", "escaped suffixed", "custom_metric", "")]
    [InlineData("custom_metric", "By/{custom}", "gauge", "escaped suffixed", "custom_metric_bytes", "bytes")]
    [InlineData("requests_total", "", "counter", "escaped suffixed", "requests_total", "")]
    [InlineData("cpu_usage_ratio", "1", "gauge", "escaped suffixed", "cpu_usage_ratio", "")]
    [InlineData("response_time_seconds", "s", "gauge", "escaped suffixed", "response_time_seconds", "seconds")]
    [InlineData("requests_total", "", "counter", "suffixed", "requests_total", "")]
    [InlineData("cpu_usage_ratio", "1", "gauge", "suffixed", "cpu_usage_ratio", "")]
    [InlineData("response_time_seconds", "s", "gauge", "suffixed", "response_time_seconds", "seconds")]
    [InlineData("cpu_seconds_total", "s", "counter", "suffixed", "cpu_seconds_total", "seconds")]
    [InlineData("otelcol_process_cpu_seconds", "s", "counter", "suffixed", "otelcol_process_cpu_seconds_total", "seconds")]
    [InlineData("___", "", "gauge", "escaped", "___", null)]
    [InlineData("___", "", "gauge", "", "___", null)]
    [InlineData("metric__with__multiple__underscores", "unit__multiple__underscores", "gauge", "escaped suffixed", "metric_with_multiple_underscores_unit_multiple_underscores", "unit_multiple_underscores")]
    [InlineData("custom_metric", "unit@with#special/chars", "gauge", "escaped suffixed", "custom_metric_unit_with_special_per_chars", "unit_with_special_per_chars")]
    [InlineData("@#$%", "", "gauge", "escaped suffixed", null, "")]
    [InlineData("métric_with_ñ_chars", "", "gauge", "", "métric_with_ñ_chars", null)]
    [InlineData("requêsts", "", "counter", "suffixed", "requêsts_total", "")]
    [InlineData("cpu_usagé", "1", "gauge", "suffixed", "cpu_usagé_ratio", "")]
    [InlineData("respønse_time", "ms", "gauge", "suffixed", "respønse_time_milliseconds", "milliseconds")]
    [InlineData("requêsts", "1/s", "gauge", "suffixed", "requêsts_per_second", "per_second")]
    [InlineData("@#$%", "", "counter", "suffixed", "@#$%_total", "")]
    [InlineData("request_duration", "s", "histogram", "escaped suffixed", "request_duration_seconds", "seconds")]
    [InlineData("request_size", "By", "exponential", "escaped suffixed", "request_size_bytes", "bytes")]
    [InlineData("response_time", "ms", "summary", "escaped suffixed", "response_time_milliseconds", "milliseconds")]
    [InlineData("active_connections", "", "sum", "escaped suffixed", "active_connections", "")]
    [InlineData("unknown_metric", "", "unknown", "escaped suffixed", "unknown_metric", "")]
    [InlineData("uptime", "d", "gauge", "escaped suffixed", "uptime_days", "days")]
    [InlineData("duration", "h", "gauge", "escaped suffixed", "duration_hours", "hours")]
    [InlineData("timeout", "min", "gauge", "escaped suffixed", "timeout_minutes", "minutes")]
    [InlineData("latency", "us", "gauge", "escaped suffixed", "latency_microseconds", "microseconds")]
    [InlineData("precision_time", "ns", "gauge", "escaped suffixed", "precision_time_nanoseconds", "nanoseconds")]
    [InlineData("cache_size", "KiBy", "gauge", "escaped suffixed", "cache_size_kibibytes", "kibibytes")]
    [InlineData("memory", "MiBy", "gauge", "escaped suffixed", "memory_mebibytes", "mebibytes")]
    [InlineData("storage", "GiBy", "gauge", "escaped suffixed", "storage_gibibytes", "gibibytes")]
    [InlineData("capacity", "TiBy", "gauge", "escaped suffixed", "capacity_tibibytes", "tibibytes")]
    [InlineData("transfer", "KBy", "gauge", "escaped suffixed", "transfer_kilobytes", "kilobytes")]
    [InlineData("download", "MBy", "gauge", "escaped suffixed", "download_megabytes", "megabytes")]
    [InlineData("backup", "GBy", "gauge", "escaped suffixed", "backup_gigabytes", "gigabytes")]
    [InlineData("archive", "TBy", "gauge", "escaped suffixed", "archive_terabytes", "terabytes")]
    [InlineData("distance", "m", "gauge", "escaped suffixed", "distance_meters", "meters")]
    [InlineData("voltage", "V", "gauge", "escaped suffixed", "voltage_volts", "volts")]
    [InlineData("current", "A", "gauge", "escaped suffixed", "current_amperes", "amperes")]
    [InlineData("energy", "J", "gauge", "escaped suffixed", "energy_joules", "joules")]
    [InlineData("power", "W", "gauge", "escaped suffixed", "power_watts", "watts")]
    [InlineData("weight", "g", "gauge", "escaped suffixed", "weight_grams", "grams")]
    [InlineData("temperature", "Cel", "gauge", "escaped suffixed", "temperature_celsius", "celsius")]
    [InlineData("frequency", "Hz", "gauge", "escaped suffixed", "frequency_hertz", "hertz")]
    [InlineData("cpu_usage", "%", "gauge", "escaped suffixed", "cpu_usage_percent", "percent")]
    [InlineData("requests", "1/m", "gauge", "escaped suffixed", "requests_per_minute", "per_minute")]
    [InlineData("events", "1/h", "gauge", "escaped suffixed", "events_per_hour", "per_hour")]
    [InlineData("transactions", "1/d", "gauge", "escaped suffixed", "transactions_per_day", "per_day")]
    [InlineData("reports", "1/w", "gauge", "escaped suffixed", "reports_per_week", "per_week")]
    [InlineData("invoices", "1/mo", "gauge", "escaped suffixed", "invoices_per_month", "per_month")]
    [InlineData("renewals", "1/y", "gauge", "escaped suffixed", "renewals_per_year", "per_year")]
    [InlineData("custom", "1/custom_unit", "gauge", "escaped suffixed", "custom_per_custom_unit", "per_custom_unit")]
    [InlineData("metric", "By/", "gauge", "escaped suffixed", "metric_bytes", "bytes")]
    [InlineData("metric", " By / s ", "gauge", "escaped suffixed", "metric_bytes_per_second", "bytes_per_second")]
    [InlineData("metric", "/", "gauge", "escaped suffixed", "metric", "")]
    [InlineData("http.request.duration", "ms", "histogram", "escaped suffixed", "http_request_duration_milliseconds", "milliseconds")]
    [InlineData("http.request.duration", "ms", "histogram", "", "http.request.duration", null)]
    [InlineData("http.requests", "1", "counter", "escaped suffixed", "http_requests_total", "")]
    [InlineData("http.requests", "1", "counter", "", "http.requests", null)]
    public void A_family_is_called_as_Prometheus_calls_it(
        string name, string unit, string type, string strategy, string? expected, string? words)
    {
        OtlpNames names = NamesOf(strategy);
        if (expected is null)
        {
            Assert.Throws<ArgumentException>(() => names.OfFamily(name, unit, type == "counter", type == "gauge"));
        }
        else
        {
            Assert.Equal(expected, names.OfFamily(name, unit, type == "counter", type == "gauge"));
        }

        if (words is not null)
        {
            Assert.Equal(words, names.OfUnit(unit));
        }
    }

    [Theory]
    [InlineData("label:with:colons", "label_with_colons", true)]
    [InlineData("LabelWithCapitalLetters", "LabelWithCapitalLetters", true)]
    [InlineData("label!with&special$chars)", "label_with_special_chars_", true)]
    [InlineData("label_with_foreign_characters_字符", "label_with_foreign_characters_", true)]
    [InlineData("label.with.dots", "label_with_dots", true)]
    [InlineData(".foo", "_foo", true)]
    [InlineData("123label", "key_123label", true)]
    [InlineData("_label_starting_with_underscore", "_label_starting_with_underscore", true)]
    [InlineData("__label_starting_with_2underscores", "_label_starting_with_2underscores", true)]
    [InlineData("ようこそ", null, true)]
    [InlineData("label__with__double__underscores", "label_with_double_underscores", true)]
    [InlineData("label.name__with&&special##chars", "label_name_with_special_chars", true)]
    [InlineData("__reserved__label__name__", "__reserved_label_name__", true)]
    [InlineData("trailing_underscores___", "trailing_underscores_", true)]
    [InlineData("", null, false)]
    [InlineData("__", null, false)]
    public void A_label_is_called_as_Prometheus_calls_it(string key, string? escaped, bool isKept)
    {
        OtlpNames old = NamesOf("escaped");
        OtlpNames utf8 = NamesOf("");
        if (escaped is null)
        {
            Assert.Throws<ArgumentException>(() => old.OfLabel(key));
        }
        else
        {
            Assert.Equal(escaped, old.OfLabel(key));
        }

        if (isKept)
        {
            Assert.Equal(key, utf8.OfLabel(key));
        }
        else
        {
            Assert.Throws<ArgumentException>(() => utf8.OfLabel(key));
        }
    }

    private static OtlpNames NamesOf(string strategy) =>
        new(strategy.Contains("escaped", StringComparison.Ordinal), strategy.Contains("suffixed", StringComparison.Ordinal));
}
