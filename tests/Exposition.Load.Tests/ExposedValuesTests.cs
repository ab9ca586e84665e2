using Exposition.Load.Simulation;
using Exposition.Load.Wire;

namespace Exposition.Load.Tests;

/// <summary>What counts as the same value, and who may be pushed to.</summary>
public sealed class ExposedValuesTests
{
    private static readonly Dictionary<string, double> s_pushed = ExposedValues.Expected(
        "a{quantile=\"1.0\"} 6766.15599102457\nb NaN\n"u8.ToArray(), ("job", "j"));

    [Fact]
    public void Quantiles_are_the_same_however_they_are_written() =>
        Assert.Contains("a{job=\"j\",quantile=\"1\",}", s_pushed.Keys);

    [Fact]
    public void Only_a_server_that_rounds_may_lose_digits()
    {
        Dictionary<string, double> rounded = ExposedValues.Expected("a{quantile=\"1\"} 6766.15599102\n"u8.ToArray(), ("job", "j"));
        Assert.Null(ExposedValues.Difference(s_pushed, rounded, isRounded: true));
        Assert.Contains("is 6766.15599102, pushed was", ExposedValues.Difference(s_pushed, rounded), StringComparison.Ordinal);
        Dictionary<string, double> other = ExposedValues.Expected("a{quantile=\"1\"} 6766.155\n"u8.ToArray(), ("job", "j"));
        Assert.NotNull(ExposedValues.Difference(s_pushed, other, isRounded: true));
    }

    [Fact]
    public void Nothing_expected_is_no_success() => Assert.Equal("nothing was expected", ExposedValues.Difference([], s_pushed));

    [Theory]
    [InlineData("http://192.0.2.1:9091")]
    [InlineData("https://127.0.0.1:9091")]
    public async Task A_cluster_pushes_only_to_this_machine(string target)
    {
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(
            () => FlinkCommand.RunAsync(new Uri(target), new ClusterOptions(), null, TextWriter.Null));
        Assert.Contains("must be a gateway of this machine", e.Message, StringComparison.Ordinal);
    }
}
