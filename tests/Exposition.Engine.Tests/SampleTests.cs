using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Harness;

namespace Exposition.Engine.Tests;

/// <summary>The code that the library's README shows.</summary>
public sealed class SampleTests
{
    [Fact]
    public void Push_scrape_and_delete()
    {
        var store = new MetricStore(new StoreOptions { MaxGroups = 10_000 });
        GroupingKey key = GroupingKey.Create(("job", "nightly_backup"), ("instance", "db1"));
        PushOutcome outcome = store.Push(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);
        if (outcome.Status != PushStatus.Stored)
        {
            throw new InvalidOperationException(outcome.Error);
        }

        var output = new ArrayBufferWriter<byte>();
        using (var scrape = new Scrape(store, own: null, ScrapeFormat.Text, EscapingScheme.Underscores))
        {
            while (scrape.WriteNext(output, stepBytes: 64 << 10))
            {
                // Here the caller sends what there is.
            }
        }

        store.Delete(key);

        string scraped = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.Contains("backup_rows{instance=\"db1\",job=\"nightly_backup\"} 3.14\n", scraped, StringComparison.Ordinal);
        Assert.Equal(0, store.GroupCount);
    }

    [Fact]
    public void The_readme_shows_what_is_compiled_here() =>
        ReadmeSamples.AreIn("tests/Exposition.Engine.Tests/SampleTests.cs", "src/Exposition.Engine/README.md");
}
