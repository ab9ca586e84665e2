using Exposition.Gateway.Machine;

namespace Exposition.Gateway.Tests;

public class ContainerMemoryTests
{
    [Theory]
    [InlineData(0, "")]
    [InlineData(0, "0::/\n", "sys/fs/cgroup/memory.max=max")]
    [InlineData(1000, "0::/\n", "sys/fs/cgroup/memory.max=1000")]
    [InlineData(1000, "0::/a/b\n", "sys/fs/cgroup/memory.max=max", "sys/fs/cgroup/a/memory.max=1000", "sys/fs/cgroup/a/b/memory.max=2000")]
    [InlineData(1000, "0::/not/seen/here\n", "sys/fs/cgroup/memory.max=1000")]
    [InlineData(500, "4:memory:/a\n1:cpu:/b\n", "sys/fs/cgroup/memory/memory.limit_in_bytes=9223372036854771712",
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes=500", "sys/fs/cgroup/memory/b/memory.limit_in_bytes=1")]
    [InlineData(0, "4:memory:/a\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes=9223372036854771712")]
    public void The_least_limit_of_the_groups_above_counts(long expected, string groups, params string[] files)
    {
        string root = Directory.CreateTempSubdirectory().FullName;
        try
        {
            foreach (string file in files.Append("proc/self/cgroup=" + groups))
            {
                string path = Path.Combine(root, file[..file.IndexOf('=', StringComparison.Ordinal)]);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, file[(file.IndexOf('=', StringComparison.Ordinal) + 1)..] + "\n");
            }

            Assert.Equal(expected, ContainerMemory.OfGroups(root));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
