using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http;
using HttpMethod = Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpMethod;

namespace Exposition.Kestrel.Tests;

/// <summary>A request head as Kestrel's own parser reads it.</summary>
internal sealed class KestrelHead : IHttpRequestLineHandler, IHttpHeadersHandler
{
    public string? Method { get; private set; }

    public string? Target { get; private set; }

    public HttpVersion Version { get; private set; }

    public List<(string Name, string Value)> Headers { get; } = [];

    /// <summary>Bytes of the head.</summary>
    public long Length { get; private set; }

    /// <summary>Reads a head that stands at the start of some bytes; null where Kestrel refuses it or finds no end.</summary>
    public static KestrelHead? Read(ReadOnlySpan<byte> bytes)
    {
        var head = new KestrelHead();
        var parser = new HttpParser<KestrelHead>(showErrorDetails: false);
        var reader = new SequenceReader<byte>(new ReadOnlySequence<byte>(bytes.ToArray()));
        try
        {
            if (!parser.ParseRequestLine(head, ref reader) || !parser.ParseHeaders(head, ref reader))
            {
                return null;
            }
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            return null;
        }

        head.Length = reader.Consumed;
        return head;
    }

    /// <summary>All values of a header.</summary>
    public IEnumerable<string> All(string name) =>
        Headers.Where(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)).Select(static header => header.Value);

    public void OnStartLine(HttpVersionAndMethod versionAndMethod, TargetOffsetPathLength targetPath, Span<byte> startLine)
    {
        Version = versionAndMethod.Version;
        Method = versionAndMethod.Method == HttpMethod.Custom ? null : versionAndMethod.Method.ToString();
        string line = Encoding.Latin1.GetString(startLine);
        int end = line.IndexOf(' ', targetPath.Offset);
        Target = line[targetPath.Offset..(end < 0 ? line.Length : end)];
    }

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        Headers.Add((Encoding.Latin1.GetString(name), Encoding.Latin1.GetString(value)));

    public void OnHeadersComplete(bool endStream)
    {
    }

    public void OnStaticIndexedHeader(int index) => throw new NotSupportedException();

    public void OnStaticIndexedHeader(int index, ReadOnlySpan<byte> value) => throw new NotSupportedException();

    public void OnDynamicIndexedHeader(int? index, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => throw new NotSupportedException();
}
