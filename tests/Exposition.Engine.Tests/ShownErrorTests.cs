using System.Text;

namespace Exposition.Engine.Tests;

/// <summary>
/// What a client has sent may be as long as a body; what an error shows of it is not: an answer four times as long as the body took
/// gigabytes.
/// </summary>
public class ShownErrorTests
{
    private const int Long = 2_000_000;

    private static readonly string s_control = new('\u0001', Long);
    private static readonly string s_letters = new('x', Long);

    public static TheoryData<string, PushFormat, byte[]> Bodies => new()
    {
        { "value", PushFormat.Text, Utf8($"a {s_control}\n") },
        { "timestamp", PushFormat.Text, Utf8($"a 1 {s_control}\n") },
        { "type", PushFormat.Text, Utf8($"# TYPE a {s_control}\n") },
        { "second type", PushFormat.Text, Utf8($"# TYPE {s_letters} gauge\n{s_letters} 1\n# TYPE {s_letters} histogram\n") },
        { "label name", PushFormat.Text, Utf8($"a{{{s_letters}=\"1\",{s_letters}=\"1\"}} 1\n") },
        { "label value", PushFormat.Text, [.. "a{b=\""u8, .. Enumerable.Repeat((byte)0xFF, Long), .. "\"} 1\n"u8] },
        { "le", PushFormat.Text, Utf8($"# TYPE h histogram\nh_bucket{{le=\"{s_control}\"}} 1\n") },
        { "many labels", PushFormat.Text,
            Utf8($"# TYPE a gauge\na{{{string.Join(',', Enumerable.Range(0, 50_000).Select(static i => $"l{i}=\"v\""))}}} 1\n"
            + $"a{{{string.Join(',', Enumerable.Range(0, 50_000).Select(static i => $"l{i}=\"v\""))}}} 1\n") },
        { "metric name", PushFormat.Text, Utf8($"{s_letters} 1\n{s_letters} 1\n") },
        { "value", PushFormat.OpenMetrics, Utf8($"# TYPE a gauge\na {s_control}\n# EOF\n") },
        { "type", PushFormat.OpenMetrics, Utf8($"# TYPE a {s_letters}\n# EOF\n") },
        { "name", PushFormat.OpenMetrics, Utf8($"{s_letters} 1\n{s_letters} 1\n# EOF\n") },
        { "created", PushFormat.OpenMetrics, Utf8($"# TYPE a counter\na_created {s_letters}\n# EOF\n") },
        { "exemplar", PushFormat.OpenMetrics, Utf8($"# TYPE a counter\na_total 1 # {{x=\"{s_letters}\"}} 1\n# EOF\n") },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void An_error_is_short_however_long_what_it_shows(string what, PushFormat format, byte[] body)
    {
        var store = new MetricStore(new StoreOptions { MaxLabelValueBytes = 0 });
        GroupingKey key = Harness.Key("job", "j");
        PushOutcome outcome = store.Push(key, format, body, PushMode.Replace);
        Assert.True(outcome.Status is PushStatus.Malformed or PushStatus.Inconsistent, $"{what}: {outcome.Status}");
        Assert.InRange(outcome.Error!.Length, 10, 16_384);
        Assert.InRange(outcome.Error.Split('\n').Length, 1, 2);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
