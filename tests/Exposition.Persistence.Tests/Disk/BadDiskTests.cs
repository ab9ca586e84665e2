using Exposition.Engine;

namespace Exposition.Persistence.Tests.Disk;

/// <summary>A store over a disk that is full for a while, or cannot be written at all.</summary>
public class BadDiskTests : InDirectory
{
    private const int Full = 13;

    [Theory]
    [InlineData(0)]
    [InlineData(3600)]
    public async Task While_the_disk_is_full_pushes_are_served_and_who_waits_is_told_and_all_is_written_once_there_is_room(int interval)
    {
        DiskLog disk = RecordingVfs.Watch(Directory);
        try
        {
            var store = new MetricStore(new StoreOptions());
            await using var copy = new DurableCopy(
                "test", Open(), store, new DurableCopyOptions { Interval = TimeSpan.FromSeconds(interval) });
            copy.Start(TestContext.Current.CancellationToken);
            Push(store, 0);
            if (interval == 0)
            {
                Assert.Null(await copy.CommittedAsync());
            }

            disk.Fault = static operation => operation.Action == DiskAction.Write ? Full : 0;
            for (int i = 0; i < 20; i++)
            {
                Push(store, i);
                if (interval == 0)
                {
                    Assert.Contains("full", await copy.CommittedAsync(), StringComparison.Ordinal);
                }
            }

            Assert.True(store.Delete(Samples.Key("j3")));
            Assert.Equal(19, store.GroupCount);
            if (interval == 0)
            {
                Assert.True(copy.Status.Failures > 0);
                Assert.True(copy.Status.Lag > TimeSpan.Zero);
            }
            else
            {
                Assert.False(await copy.StopAsync());
                return;
            }

            disk.Fault = null;
            for (int i = 0; await copy.CommittedAsync() is not null; i++)
            {
                Assert.True(i < 3000, "does not recover");
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }

            Assert.True(await copy.StopAsync());
            Assert.Equal(19, Load(out LoadReport report).Count);
            Assert.Equal(new LoadReport(19, 0, false), report);
        }
        finally
        {
            RecordingVfs.Forget(disk);
        }
    }

    [Fact]
    public async Task From_a_file_that_cannot_be_written_the_groups_are_shown_and_it_is_not_touched()
    {
        Save([.. Enumerable.Range(0, 10).Select(static i => (
            Samples.Key($"j{i}"), new[] { Samples.Family("a", string.Concat(Enumerable.Repeat($"a {i}\n", 2000 * (i % 2)))) }))]);
        byte[] before = System.IO.File.ReadAllBytes(File);
        DiskLog disk = RecordingVfs.Watch(Directory);
        disk.ReadOnly = true;
        try
        {
            var store = new MetricStore(new StoreOptions());
            await using var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions { Interval = TimeSpan.Zero });
            Assert.Equal(new LoadReport(10, 0, false), copy.Start(TestContext.Current.CancellationToken));
            Assert.Contains(Notices, static n => n.Event == DurableEvent.Unavailable);
            Push(store, 11);
            Assert.NotNull(await copy.CommittedAsync());
            Assert.Equal(11, store.GroupCount);
            Assert.False(await copy.StopAsync());
        }
        finally
        {
            RecordingVfs.Forget(disk);
        }

        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
        Assert.Equal(["data"], Files());
    }

    private static void Push(MetricStore store, int i) => Assert.Equal(
        PushStatus.Stored,
            store.Push(Samples.Key($"j{i}"), PushFormat.Text, System.Text.Encoding.UTF8.GetBytes($"x {i}\n"), PushMode.Replace).Status);
}
