using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>The code that the library's README shows.</summary>
public sealed class SampleTests : InDirectory
{
    [Fact]
    public async Task Keep_a_store_and_write_a_snapshot()
    {
        string path = File;
        using var log = new StringWriter();

        var store = new MetricStore(new StoreOptions());
        void Report(DurableNotice notice) => log.WriteLine($"{notice.Event} {notice.Path} {notice.Groups} {notice.Detail}");

        var file = new SqliteStore(path, TimeProvider.System, Report);
        var options = new DurableCopyOptions { Interval = TimeSpan.FromSeconds(1), Report = Report };
        await using var copy = new DurableCopy(path, file, store, options);
        copy.Start();   // before the store takes pushes

        store.Push(GroupingKey.Create(("job", "nightly_backup")), PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);
        if (await copy.CommittedAsync() is { } error)
        {
            throw new IOException(error);
        }

        DurableSnapshot.Write(path + ".snapshot", store);
        bool saved = await copy.StopAsync();

        Assert.True(saved);
        Assert.Contains("Loaded " + path, log.ToString(), StringComparison.Ordinal);
        foreach (string kept in new[] { path, path + ".snapshot" })
        {
            Assert.Equal(1, DurableSnapshot.Read(kept, static (in _) => { }, Notices.Add));
        }
    }

    [Fact]
    public void The_readme_shows_what_is_compiled_here() =>
        ReadmeSamples.AreIn("tests/Exposition.Persistence.Tests/SampleTests.cs", "src/Exposition.Persistence/README.md");
}
