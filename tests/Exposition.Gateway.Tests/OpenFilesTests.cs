using Exposition.Gateway.Machine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Gateway.Tests;

public class OpenFilesTests
{
    [Theory]
    [InlineData(10_000, 524_288, 100, 10_000)]
    [InlineData(10_000, 1024, 124, 700)]
    [InlineData(0, 1024, 124, 700)]
    [InlineData(10_000, 260, 160, 25)]
    [InlineData(20, 260, 160, 20)]
    [InlineData(10_000, 100, 160, 1)]
    [InlineData(0, 1L << 40, 100, int.MaxValue)]
    public void Connections_leave_files_for_all_else(int asked, long files, int inUse, int expected) =>
        Assert.Equal(expected, OpenFiles.Connections(asked, files, inUse));

    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024L)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max file locks            unlimited            unlimited            locks     ", null)]
    public void The_limit_that_is_in_force_counts(string line, long? expected) =>
        Assert.Equal(expected, OpenFiles.Read(["Limit  Soft Limit  Hard Limit  Units", line]));

    [Fact]
    public void This_process_has_room_for_one_at_least() => Assert.InRange(OpenFiles.Connections(1, NullLogger.Instance), 1, 1);
}
