// Stands in for parts of the libraries of these namespaces until they are merged; then this file goes.
using Exposition.Formats;
using Exposition.Store;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Exposition.Kestrel
{

internal sealed class ExpositionOptions
{
    public string RoutePrefix { get; set; } = "";

    public string TelemetryPath { get; set; } = "/metrics";

    public NameScheme Names { get; set; }

    public bool CheckConsistency { get; set; } = true;
}

internal interface IOwnMetrics
{
    public void Collect(FamilySet into);
}

internal sealed class ExpositionEngine(ExpositionOptions options)
{
    public MetricStore Store { get; } = new(new StoreOptions { CheckConsistency = options.CheckConsistency, Names = options.Names });

    public ExpositionOptions Options => options;

    public void CountRequest(string handler, string method, int code) => _ = (handler, method, code, Store);
}

internal static class ExpositionExtensions
{
    public static void AddExposition(this IServiceCollection services, Action<ExpositionOptions> configure)
    {
        var options = new ExpositionOptions();
        configure(options);
        services.AddSingleton(new ExpositionEngine(options));
    }

    public static void UseExposition(this ListenOptions listen) => ArgumentNullException.ThrowIfNull(listen);

    public static void MapExposition(this IEndpointRouteBuilder endpoints) => ArgumentNullException.ThrowIfNull(endpoints);
}
}

namespace Exposition.Formats
{
internal readonly record struct NativeBucket(int Boundaries, double Lower, double Upper, ulong Count, double CountFloat);

internal sealed class NativeHistogram
{
    private NativeHistogram(bool isFloat) => IsFloat = isFloat;

    public bool IsFloat { get; }

    public static bool TryRead(ReadOnlySpan<byte> metric, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NativeHistogram? histogram)
    {
        histogram = new NativeHistogram(metric.IsEmpty);
        return false;
    }

    public IEnumerable<NativeBucket> EnumerateBuckets() => IsFloat ? [] : [];
}
}
