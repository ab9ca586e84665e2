using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Exposition.Formats.Tests;

/// <summary>Recorded answers of the reference, copied next to the test assembly.</summary>
internal static class TextVectors
{
    public static IEnumerable<string> Lines(string file)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Vectors", file);
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
            {
                yield return line;
            }
        }
    }

    /// <summary>Every recorded body with what the reference made of it under one name scheme.</summary>
    public static IEnumerable<TextVector> TextBodies(NameScheme scheme)
    {
        foreach (string line in Lines("oracle_text_parse_25k.jsonl.gz"))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement result = document.RootElement.GetProperty(scheme == NameScheme.Utf8 ? "utf8" : "legacy");
            byte[][] families = result.TryGetProperty("families", out JsonElement list)
                ? [.. list.EnumerateArray().Select(family => family.GetBytesFromBase64())]
                : [];
            yield return new TextVector(
                document.RootElement.GetProperty("in_b64").GetBytesFromBase64(),
                result.TryGetProperty("err", out JsonElement error) ? error.GetString() : null,
                result.TryGetProperty("panic", out _),
                families);
        }
    }
}

/// <param name="Body">The input.</param>
/// <param name="Error">The reference's error, or null.</param>
/// <param name="Panics">The reference panics.</param>
/// <param name="Families">The parsed families as delimited protobuf.</param>
internal sealed record TextVector(byte[] Body, string? Error, bool Panics, byte[][] Families)
{
    public override string ToString() => JsonSerializer.Serialize(Encoding.Latin1.GetString(Body));
}
