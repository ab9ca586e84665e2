using System.Buffers;
using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>A store on a clock that the test moves, spoken to in text.</summary>
internal sealed class Harness
{
    public Harness(
        bool check = true, NameScheme names = NameScheme.Legacy, long shapeBytes = 1 << 20, TimeSpan? grace = null, long bundleBytes =
        128 << 20, int mostGroups = 0, int mostNameSets = 0, IReadOnlyList<PushExpectation>? expectations = null,
        params ExpiryRule[] rules) =>
        Store = new MetricStore(new StoreOptions
        {
            MaxGroups = mostGroups,
            MaxGroupingNameSets = mostNameSets,
            CheckConsistency = check,
            Names = names,
            Time = Clock,
            ShapeCacheBytes = shapeBytes,
            BundleCacheBytes = bundleBytes,
            VerifyShapes = true,
            ExpiryRules = rules,
            PushExpectations = expectations ?? [],
            ExpiredGrace = grace ?? TimeSpan.FromHours(24),
            FamilyHidden = (key, hidden) => Notices.Add($"{key} {Encoding.UTF8.GetString(hidden.Name.Span)}: {hidden.Reason}"),
        });

    /// <summary>What the store said of families that it hides.</summary>
    public List<string> Notices { get; } = [];

    public ManualClock Clock { get; } = new();

    public MetricStore Store { get; }

    public static GroupingKey Key(params string[] namesAndValues)
    {
        var labels = new (string, string)[namesAndValues.Length / 2];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = (namesAndValues[2 * i], namesAndValues[(2 * i) + 1]);
        }

        return GroupingKey.Create(labels);
    }

    public PushOutcome Put(GroupingKey key, string body) => Push(key, body, PushMode.Replace);

    public PushOutcome Post(GroupingKey key, string body) => Push(key, body, PushMode.Merge);

    public PushOutcome Push(GroupingKey key, string body, PushMode mode, PushDetails details = default) =>
        Push(key, PushFormat.Text, Encoding.UTF8.GetBytes(body), mode, details);

    public PushOutcome Push(GroupingKey key, PushFormat format, byte[] body, PushMode mode, PushDetails details = default)
    {
        Clock.Advance();
        return Store.Push(key, format, body, mode, details);
    }

    /// <summary>The newest snapshot of a group, or null.</summary>
    public GroupSnapshot? Group(GroupingKey key)
    {
        using StoreView view = Store.OpenView();
        return view.Groups.ToArray().FirstOrDefault(group => group.Key == key);
    }

    public PushOutcome PutProtobuf(GroupingKey key, params byte[][] families)
    {
        Clock.Advance();
        var body = new List<byte>();
        foreach (byte[] family in families)
        {
            body.Add(checked((byte)family.Length));
            body.AddRange(family);
        }

        return Store.Push(key, PushFormat.Protobuf, body.ToArray(), PushMode.Replace);
    }

    /// <summary>The whole text exposition.</summary>
    public string Text(EscapingScheme escaping = EscapingScheme.Underscores, int step = 1 << 16, FamilySet? own = null) =>
        Encoding.UTF8.GetString(Bytes(ScrapeFormat.Text, escaping, step, own));

    public byte[] Bytes(
        ScrapeFormat format, EscapingScheme escaping = EscapingScheme.Underscores, int step = 1 << 16, FamilySet? own = null,
        GroupSelection? selection = null)
    {
        using var scrape = new Scrape(Store, own, format, escaping, gzip: false, selection);
        var output = new ArrayBufferWriter<byte>();
        while (scrape.WriteNext(output, step))
        {
        }

        if (scrape.Length is { } length)
        {
            Assert.Equal(length, output.WrittenCount);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>The whole text exposition as a gzip member.</summary>
    public async Task<byte[]> GzipAsync(EscapingScheme escaping = EscapingScheme.Underscores, int step = 1 << 16, FamilySet? own = null,
        ScrapeFormat format = ScrapeFormat.Text, GroupSelection? selection = null)
    {
        using var scrape = new Scrape(Store, own, format, escaping, gzip: true, selection);
        await scrape.PrepareAsync(TestContext.Current.CancellationToken);
        var output = new ArrayBufferWriter<byte>();
        while (await scrape.WriteNextAsync(output, step, TestContext.Current.CancellationToken))
        {
        }

        if (scrape.Length is { } length)
        {
            Assert.Equal(length, output.WrittenCount);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>The exposition without the two families that the store adds to each group.</summary>
    public string Pushed(EscapingScheme escaping = EscapingScheme.Underscores) =>
        Without(Text(escaping), "push_time_seconds", "push_failure_time_seconds");

    /// <summary>The value of a series as it is exposed, or null.</summary>
    public string? Value(string series) =>
        Text().Split('\n').FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal))?[(series.Length + 1)..];

    private static string Without(string text, params string[] families) =>
        string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !families.Any(f => line.StartsWith(f, StringComparison.Ordinal)
            || line.StartsWith("# HELP " + f, StringComparison.Ordinal) || line.StartsWith("# TYPE " + f, StringComparison.Ordinal)))
        .Select(line => line + "\n"));
}

internal static class EngineExtensions
{
    /// <summary>Takes all that is pending.</summary>
    public static int Take(this ChangeFeed feed, ICollection<FeedChange> into)
    {
        int taken = 0;
        for (int most = feed.Pending; most > 0;)
        {
            taken += feed.Take(into, ref most, long.MaxValue);
        }

        return taken;
    }

    /// <summary>Puts a group back, and leaves the array to the caller.</summary>
    public static void Restore(this MetricStore store, GroupingKey key, ReadOnlySpan<FamilyEntry> families, long? expiresAt = null,
        PushFailure? lastFailure = null) => store.RestoreOwn(key, families.ToArray(), expiresAt, lastFailure);
}

/// <summary>A clock that goes on by one second at each push.</summary>
internal sealed class ManualClock : TimeProvider
{
    public DateTimeOffset Now { get; private set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    public void Advance() => Advance(1);

    public void Advance(double seconds) => Now += TimeSpan.FromSeconds(seconds);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.Ticks;
}
