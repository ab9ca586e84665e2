using Exposition.Load.Results;

namespace Exposition.Load.Tests;

/// <summary>Records of runs, and the table that README shows of one.</summary>
public sealed class ResultsTests
{
    private static readonly string s_readme = Path.Combine(Checkout.Root, "README.md");

    /// <summary>To make it anew: <c>bench/run --readme</c>.</summary>
    [Fact]
    public void Readme_shows_what_was_recorded()
    {
        string page = File.ReadAllText(s_readme);
        Assert.Equal(ReadmeTable.Update(page, Checkout.Root), page);
    }

    [Fact]
    public void Every_record_can_be_read_is_where_its_machine_says_and_names_no_host()
    {
        string[] files = Directory.GetFiles(Path.Combine(Checkout.Root, "bench", "results"), "*.json");
        Assert.NotEmpty(files);
        Assert.All(files, static file =>
        {
            var record = RunRecord.Read(file);
            Assert.Equal(record.FileName, Path.GetFileName(file));
            Assert.NotEmpty(record.Rows);
            Assert.All(record.Rows, static row => Assert.NotEqual("", row.Checked));
            Assert.DoesNotContain(Environment.MachineName, File.ReadAllText(file).Split('"', ' '));
        });
    }

    [Fact]
    public void A_record_reads_back_as_it_was_written()
    {
        string file = Path.GetTempFileName();
        try
        {
            Record().Write(file);
            RunRecord read = RunRecord.Read(file);
            Assert.Equal(ReadmeTable.Make(Record()), ReadmeTable.Make(read));
            Assert.Equal(Record().Rows[1].Doubts, read.Rows[1].Doubts);
            File.WriteAllText(file, "{\"rows\": 5}");
            Assert.Throws<FormatException>(() => RunRecord.Read(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Readme_marks_what_is_not_to_be_trusted() => Assert.Equal(
        """
        | AMD EPYC (test), 2 processors | Pushgateway 1.11.2 | ours, AOT 0.1.0 |
        |---|---|---|
        | push | keeps 37.5 /s | 120 µs, 1.5 ms |
        | memory | wrong (?) | 201 B/series |
        | scrape, gzip: nothing / 1 % / all changed | 2.4 s / 3.1 s | 12 ms / 100 ms (?) |

        Measured at abc on 2026-01-02 in a quick run, which is of little weight; apart. (?): not to be trusted, the record says why.

        """,
        ReadmeTable.Make(Record()));

    [Fact]
    public void A_page_without_marks_says_what_was_expected() => Assert.Contains(
        "<!-- measured: FILE -->", Assert.Throws<FormatException>(() => ReadmeTable.Update("# Page", "/")).Message, StringComparison.Ordinal);

    [Fact]
    public void Files_are_named_for_processors() => Assert.Equal("amd-epyc-test-2.json", Record().FileName);

    [Theory]
    [InlineData(null, "-")]
    [InlineData(0.0123, "12.3 µs")]
    [InlineData(1.5, "1.5 ms")]
    [InlineData(999.0, "999 ms")]
    [InlineData(12345.0, "12.3 s")]
    public void Times_have_the_unit_that_fits(double? milliseconds, string expected) => Assert.Equal(expected, Units.Time(milliseconds));

    private static RunRecord Record() => new(
        "2026-01-02", "abc", IsQuick: true, "AMD EPYC (test)", 2, 24, "Linux", "apart",
        new Dictionary<string, string> { ["Pushgateway"] = "1.11.2", ["ours, AOT"] = "0.1.0", ["prometheus-net"] = "8" },
        [
            new Row("push", "Pushgateway", "all") { Asked = 5000, Reached = 37.5, P50 = 900, P99 = 1000, Doubts = ["rate not kept: 37.5/s"] },
            new Row("push", "ours, AOT", "all") { Asked = 5000, Reached = 5000, P50 = 0.12, P99 = 1.5 },
            new Row("memory", "Pushgateway", "all") { Value = 1100, Unit = "B/series", IsWrong = true },
            new Row("memory", "ours, AOT", "all") { Value = 201, Unit = "B/series" },
            new Row("scrape, gzip, nothing changed", "Pushgateway", "nothing") { P50 = 2400 },
            new Row("scrape, gzip, all changed", "Pushgateway", "nothing") { P50 = 3100 },
            new Row("scrape, gzip, nothing changed", "ours, AOT", "nothing") { P50 = 12 },
            new Row("scrape, gzip, all changed", "ours, AOT", "nothing") { P50 = 100, Doubts = ["steal 0.50 cores"] },
            new Row("write", "prometheus-net", "nothing") { P50 = 1 },
        ]);
}
