using Exposition.Load.Paired;

namespace Exposition.Load.Tests;

/// <summary>When steady pushes of one program count as slower than those of another.</summary>
public sealed class PairedTests
{
    [Fact]
    public void The_change_is_the_median_of_pairs_and_noise_that_of_one_program_with_itself()
    {
        (double change, double noise, bool isSlower) = PairedCommand.Judge([(10, 11, 10), (10, 12, 10.4), (10, 30, 9.8)]);
        Assert.Equal((2 * 12 / 20.4) - 1, change, 6);
        Assert.Equal(0.02, noise, 6);
        Assert.True(isSlower);
    }

    [Fact]
    public void What_is_the_slowest_by_chance_is_not_slower() => Assert.False(
        PairedCommand.Judge([(10, 13, 10), (10, 13, 10), (10, 13, 10.4), (10, 9, 10), (10, 9, 10)]).IsSlower);

    [Fact]
    public void Below_a_hundredth_nothing_counts() =>
        Assert.Equal(0.01, PairedCommand.Judge([(10, 10, 10), (10, 10, 10)]).Noise);

    [Fact]
    public void The_command_takes_an_older_program()
    {
        CommandLine line = CommandLine.Parse(["paired", "--older", "/x", "--quick"]);
        Assert.Equal((Command.Paired, "/x", true), (line.Command, line.Older, line.IsQuick));
        Assert.Equal("--only is not known", Assert.Throws<FormatException>(() => CommandLine.Parse(["paired", "--only", "x"])).Message);
    }
}
