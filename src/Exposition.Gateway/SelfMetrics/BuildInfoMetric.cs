using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Gateway.SelfMetrics;

/// <summary><c>pushgateway_build_info</c>.</summary>
internal sealed class BuildInfoMetric(BuildIdentity build) : IMetricSource
{
    private readonly (byte[] Name, byte[] Value)[] _labels =
    [
        .. new (string Name, string Value)[]
        {
            ("branch", build.Branch), ("goarch", build.Architecture), ("goos", build.Os), ("goversion", build.Runtime),
            ("revision", build.Revision), ("tags", build.Tags), ("version", build.Version),
        }.Select(static label => (Encoding.UTF8.GetBytes(label.Name), Encoding.UTF8.GetBytes(label.Value))),
    ];

    public void Collect(FamilySet into)
    {
        int family = into.AddFamily("pushgateway_build_info"u8, MetricType.Gauge,
            "A metric with a constant '1' value labeled by version, revision, branch, goversion from which pushgateway was built, and "u8
                + "the goos and goarch for the build."u8);
        into.AddSample(family, 1);
        foreach ((byte[] name, byte[] value) in _labels)
        {
            into.AddLabel(name, value);
        }
    }
}
