#:project ../Exposition.Formats

// An exposition, written: dotnet run write-a-file.cs metrics.txt [text|openmetrics|protobuf]
using System.Buffers;
using Exposition.Formats;

if (args is not [var path, .. var rest])
{
    Console.Error.WriteLine("expected a file to write, and perhaps text, openmetrics or protobuf");
    return 2;
}

ScrapeFormat format = rest switch
{
    ["openmetrics"] => ScrapeFormat.OpenMetrics,
    ["protobuf"] => ScrapeFormat.ProtobufDelimited,
    _ => ScrapeFormat.Text,
};
var output = new ArrayBufferWriter<byte>();
var writer = new ExpositionWriter(output, new ExpositionWriterOptions(format));
writer.StartFamily("http_requests_total", MetricType.Counter, "Requests that were answered.");
writer.WriteSample(17, ("code", "200"), ("path", "/"));
writer.WriteSample(1, ("code", "500"), ("path", "/"));
writer.StartFamily("request_seconds", MetricType.Histogram, "How long they took.");
writer.WriteHistogram([new(0.1, 15), new(1, 18)], count: 18, sum: 3.5);
writer.Complete();
File.WriteAllBytes(path, output.WrittenSpan);
Console.WriteLine(writer.ContentType);
return 0;
