using System.Text.Json;

namespace Exposition.Load.Results;

/// <summary>A run: where, of what, and what it has shown. It names neither host nor user.</summary>
/// <param name="Measured">The day.</param>
/// <param name="Commit">What was measured; with a plus where the sources had been changed.</param>
/// <param name="IsQuick">A short run, of little weight.</param>
/// <param name="Processor">The model.</param>
/// <param name="Cores">How many.</param>
/// <param name="MemoryGiB">Of the machine.</param>
/// <param name="OperatingSystem">And its kernel.</param>
/// <param name="Placement">Who ran where.</param>
/// <param name="Versions">Of servers and libraries.</param>
/// <param name="Rows">In the order of the table.</param>
internal sealed record RunRecord(
    string Measured, string Commit, bool IsQuick, string Processor, int Cores, int MemoryGiB, string OperatingSystem, string Placement,
    IReadOnlyDictionary<string, string> Versions, IReadOnlyList<Row> Rows)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The name of its file: <c>amd-epyc-2.json</c>.</summary>
    public string FileName => string.Join('-', string.Concat(Processor.ToLowerInvariant()
        .Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Split('-', StringSplitOptions.RemoveEmptyEntries)) + $"-{Cores}.json";

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">It is none of these.</exception>
    public static RunRecord Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunRecord>(File.ReadAllText(path), s_json) is { Rows: not null, Versions: not null } record
                ? record
                : throw new FormatException($"{path} is no record of a run");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path} is no record of a run: {e.Message}", e);
        }
    }

    /// <summary>Writes it as text that differs little from run to run.</summary>
    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, s_json) + "\n");
}
