using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Exposition.Conformance.Tests;

/// <summary>
/// Text bodies with the reference parser's recorded verdict, pushed through HTTP. The formats' own tests go through all
/// of them; this one shows on a sample that verdict and wording survive the way through a door.
/// </summary>
public sealed class TextErrorTests(GatewayProcess gateway) : IClassFixture<GatewayProcess>
{
    /// <summary>Every how many-th recorded body is pushed.</summary>
    private const int Stride = 9;

    private const string Inconsistent = "pushed metrics are invalid or inconsistent with existing metrics: ";
    private const string Unparsable = "text format parsing error in line ";

    private static readonly string[] s_asScraped = [
        ": second HELP line ", ": second TYPE line ", ": invalid escape sequence ", "got \"-nan\"", "got \"+nan\""];

    [Fact]
    public async Task Sampled_bodies_get_the_reference_parsers_verdict()
    {
        var (refusals, acceptances) = (0, 0);
        var wrong = new List<string>();
        foreach (var (body, error, panics) in Bodies())
        {
            var (status, text) = await PushAsync(body);
            if (status == default && ServerCommand.IsReplaced)
            {
                // The reference drops the connection on some bodies.
                continue;
            }

            var read = status == HttpStatusCode.OK || text.StartsWith(Inconsistent, StringComparison.Ordinal);
            var refused = status == HttpStatusCode.BadRequest && text.StartsWith(Unparsable, StringComparison.Ordinal);
            var fine = (panics, error) switch
            {
                (true, _) => refused,
                (_, null) => read || IsNameless(body, text)
                    || text.Contains("no sample, and a comment holds another", StringComparison.Ordinal),
                _ => text == error + "\n" || text.StartsWith(error + " (", StringComparison.Ordinal)
                    || (IsLenient(body, error) && (read || refused)) || IsNameless(body, text),
            };
            if (!fine)
            {
                wrong.Add($"{JsonSerializer.Serialize(Encoding.UTF8.GetString(body))}\n    reference: {error ?? "accepts"}\n    ours:    "
                    + "  {(int)status} {text.TrimEnd()}");
            }

            _ = error is null ? acceptances++ : refusals++;
        }

        Assert.True(acceptances > 100 && refusals > 1000, $"only {acceptances} accepted and {refusals} refused bodies were in the sample");
        Assert.True(wrong.Count == 0, $"{wrong.Count} verdicts differ:\n" + string.Join('\n', wrong.Take(30)));
    }

    /// <summary>
    /// Whether the reference stumbled over what we do not mind: blanks or a carriage return before the line end, no line end at all, or
    /// what Prometheus takes in a scrape.
    /// </summary>
    private static bool IsLenient(byte[] body, string error)
    {
        var (line, ended) = Line(body, error);
        return !ended || (line.Length > 0 && line[^1] is (byte)' ' or (byte)'\t' or (byte)'\r') || line.AsSpan().StartsWith("\uFEFF"u8)
            || s_asScraped.Any(words => error.Contains(words, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether we refused a sample without a name. The reference drops the connection when it is the first, and gives a
    /// later one the name of the sample before.
    /// </summary>
    private static bool IsNameless(byte[] body, string ours) =>
        (ours.EndsWith(": invalid metric name\n", StringComparison.Ordinal)
            || ours.Contains(": invalid metric name (", StringComparison.Ordinal))
        && Encoding.Latin1.GetString(Line(body, ours).Text).TrimStart(' ', '\t').StartsWith('{');

    /// <summary>The line of a body that an error names, and whether it has an end.</summary>
    private static (byte[] Text, bool Ended) Line(byte[] body, string error)
    {
        var number = int.Parse(
            error[Unparsable.Length..error.IndexOf(':', StringComparison.Ordinal)], NumberStyles.None, CultureInfo.InvariantCulture);
        var start = 0;
        for (; number > 1; number--)
        {
            start += body.AsSpan(start).IndexOf((byte)'\n') + 1;
        }

        var end = body.AsSpan(start).IndexOf((byte)'\n');
        return end < 0 ? (body[start..], false) : (body[start..(start + end)], true);
    }

    private static IEnumerable<(byte[] Body, string? Error, bool Panics)> Bodies()
    {
        using var packed = new GZipStream(
            File.OpenRead(Checkout.Shared("vectors", "oracle_text_parse_25k.jsonl.gz")), CompressionMode.Decompress);
        using var lines = new StreamReader(packed);
        for (var i = 0; lines.ReadLine() is { } line; i++)
        {
            if (i % Stride == 0)
            {
                using var entry = JsonDocument.Parse(line);
                var legacy = entry.RootElement.GetProperty("legacy");
                yield return (
                    entry.RootElement.GetProperty("in_b64").GetBytesFromBase64(),
                    legacy.TryGetProperty("err", out var error) ? error.GetString() : null,
                    legacy.TryGetProperty("panic", out _));
            }
        }
    }

    /// <summary>Pushes to a group of its own and deletes it at once, so that no body meets another's types.</summary>
    private async Task<(HttpStatusCode Status, string Text)> PushAsync(byte[] body)
    {
        var path = new Uri("metrics/job/verdict", UriKind.Relative);
        try
        {
            using var answer = await gateway.Client.PutAsync(path, new ByteArrayContent(body));
            var text = await answer.Content.ReadAsStringAsync();
            using var deleted = await gateway.Client.DeleteAsync(path);
            Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
            return (answer.StatusCode, text);
        }
        catch (HttpRequestException broken)
        {
            return (default, broken.Message);
        }
    }
}
