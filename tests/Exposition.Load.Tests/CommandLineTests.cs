namespace Exposition.Load.Tests;

/// <summary>The command line of <c>bench/run</c>.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public void A_cluster_is_as_it_is_said_to_be()
    {
        CommandLine line = CommandLine.Parse(
            ["flink", "--task-managers", "20", "--minutes", "0.5", "--target", "http://127.0.0.1:9999", "--restart-every", "3"]);
        Assert.Equal(Command.Flink, line.Command);
        Assert.Equal((20, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(3)),
            (line.Cluster.TaskManagers, line.Cluster.Duration, line.Cluster.RestartEvery));
        Assert.Equal(9999, line.Target.Port);
    }

    [Theory]
    [InlineData("--quick --nonsense", "--nonsense is not known")]
    [InlineData("--peers", "--peers needs a value")]
    [InlineData("flink --minutes soon", "--minutes: expected a number above 0, got \"soon\"")]
    [InlineData("flink --task-managers 0", "--task-managers: expected a whole number above 0, got \"0\"")]
    [InlineData("flink --quick yes", "--quick is not known")]
    public void What_is_wrong_is_named(string args, string expected) => Assert.Equal(
        expected, Assert.Throws<FormatException>(() => CommandLine.Parse(args.Split(' '))).Message);

    [Fact]
    public void The_file_of_the_readme_may_be_left_out()
    {
        Assert.Null(CommandLine.Parse(["--readme", "--root", "/x"]).ReadmeFile);
        Assert.Equal("a.json", CommandLine.Parse(["--readme", "a.json", "--root", "/x"]).ReadmeFile);
    }
}
