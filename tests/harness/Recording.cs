using System.Text.Json;

namespace Exposition.Harness;

/// <summary>What a real client sent on one connection, as recorded.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="Cuts">Positions at which the client's own writes ended on the wire.</param>
internal sealed record Recording(byte[] Bytes, IReadOnlyList<int> Cuts)
{
    /// <summary>Reads the connections of a client from <c>NAME.http.gz</c> and its index <c>NAME.json</c>.</summary>
    public static IEnumerable<Recording> Connections(string packed, string index)
    {
        byte[] all = Gzip.Unpack(File.ReadAllBytes(packed));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(index));
        foreach (JsonElement connection in document.RootElement.GetProperty("index").EnumerateArray())
        {
            int start = connection.GetProperty("request_offset").GetInt32();
            int length = connection.GetProperty("request_bytes").GetInt32();
            var cuts = new List<int>();
            int at = 0;
            foreach (JsonElement segment in connection.GetProperty("segments").EnumerateArray())
            {
                if (segment[0].GetString() == "c")
                {
                    cuts.Add(at += segment[2].GetInt32());
                }
            }

            yield return new Recording(all[start..(start + length)], cuts);
        }
    }
}
