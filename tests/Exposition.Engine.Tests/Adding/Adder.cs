using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests.Adding;

/// <summary>A store to which groups are added, on a clock that the test moves.</summary>
internal sealed class Adder
{
    public static readonly GroupingKey Key = GroupingKey.Create(("job", "j"));

    public Adder(Action<StoreOptions>? configure = null)
    {
        var options = new StoreOptions { Time = Clock, VerifyShapes = true };
        configure?.Invoke(options);
        Store = new MetricStore(options);
    }

    public ManualClock Clock { get; } = new();

    public MetricStore Store { get; }

    public PushOutcome Push(
        string body, PushMode mode = PushMode.Add, string id = "", string source = "", PushFormat format = PushFormat.Text)
    {
        Clock.Advance();
        return Store.Push(Key, format, Encoding.UTF8.GetBytes(body), mode, Details(id, source));
    }

    public void Take(string body, PushMode mode = PushMode.Add, string id = "", string source = "", PushFormat format = PushFormat.Text)
    {
        PushOutcome outcome = Push(body, mode, id, source, format);
        Assert.True(outcome.IsStored, outcome.Error);
    }

    public static PushDetails Details(string id, string source) =>
        new() { Id = Encoding.UTF8.GetBytes(id), Source = Encoding.UTF8.GetBytes(source) };

    public string Refuse(string body, PushStatus status, PushMode mode = PushMode.Add, string id = "", string source = "")
    {
        string before = Shown();
        PushOutcome outcome = Push(body, mode, id, source);
        Assert.Equal(status, outcome.Status);
        Assert.Equal(before, Shown());
        return outcome.Error!;
    }

    /// <summary>The lines of the group as a scrape in text shows them, without labels of the group and without the store's own.</summary>
    public string Shown()
    {
        return string.Join('\n', Exposed(ScrapeFormat.Text).Split('\n')
            .Where(line => line.Length > 0 && !line.StartsWith('#') && !line.StartsWith("push_", StringComparison.Ordinal))
            .Select(line => line.Replace("{instance=\"\",job=\"j\"}", "", StringComparison.Ordinal)
                .Replace("instance=\"\",job=\"j\",", "", StringComparison.Ordinal)));
    }

    /// <summary>All that is exposed, in OpenMetrics.</summary>
    public string OpenMetrics() => Exposed(ScrapeFormat.OpenMetrics);

    private string Exposed(ScrapeFormat format)
    {
        using var scrape = new Scrape(Store, null, format, EscapingScheme.Underscores, gzip: false, null);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        while (scrape.WriteNext(output, 1 << 16))
        {
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
