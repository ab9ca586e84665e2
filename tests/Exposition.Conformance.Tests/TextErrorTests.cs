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

    [Fact]
    public async Task Sampled_bodies_get_the_reference_parsers_verdict()
    {
        var (refused, accepted) = (0, 0);
        var wrong = new List<string>();
        foreach (var (body, error, panics) in Bodies())
        {
            var (status, text) = await PushAsync(body);
            if (status == default && ServerCommand.IsReplaced)
            {
                // The reference drops the connection on some bodies.
                continue;
            }

            var fine = (error, status) switch
            {
                _ when panics => status == HttpStatusCode.BadRequest && text.StartsWith(Unparsable, StringComparison.Ordinal),
                (null, HttpStatusCode.OK) => true,
                (null, HttpStatusCode.BadRequest) => text.StartsWith(Inconsistent, StringComparison.Ordinal),
                (_, HttpStatusCode.BadRequest) when text == error + "\n" => true,
                _ => IsLenient(error!) && (status == HttpStatusCode.OK || text.StartsWith(Inconsistent, StringComparison.Ordinal) || text.StartsWith(Unparsable, StringComparison.Ordinal)),
            };
            if (!fine)
            {
                wrong.Add($"{JsonSerializer.Serialize(Encoding.UTF8.GetString(body))}\n    reference: {error ?? "accepts"}\n    ours:      {(int)status} {text.TrimEnd()}");
            }

            _ = error is null ? accepted++ : refused++;
        }

        Assert.True(accepted > 100 && refused > 1000, $"only {accepted} accepted and {refused} refused bodies were in the sample");
        Assert.True(wrong.Count == 0, $"{wrong.Count} verdicts differ:\n" + string.Join('\n', wrong.Take(30)));
    }

    /// <summary>Where we take what the reference refuses: line ends in CRLF, a missing last line end, trailing blanks.</summary>
    private static bool IsLenient(string error) =>
        error.EndsWith("unexpected end of input stream", StringComparison.Ordinal)
        || error.Contains("\\r", StringComparison.Ordinal)
        || error.EndsWith("expected integer as timestamp, got \"\"", StringComparison.Ordinal)
        || (error.Contains("spurious string after timestamp: \"", StringComparison.Ordinal) && error[..^1].EndsWith(' '));

    private static IEnumerable<(byte[] Body, string? Error, bool Panics)> Bodies()
    {
        using var packed = new GZipStream(File.OpenRead(Checkout.Shared("vectors", "oracle_text_parse_25k.jsonl.gz")), CompressionMode.Decompress);
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
