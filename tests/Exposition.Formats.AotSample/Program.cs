using System.Buffers;
using System.Globalization;
using System.Text;
using Exposition.Formats;

// Reads a text exposition from standard input, walks its families, writes them as protobuf, reads that and writes text again: everything
// that an embedding program would do, to be published trimmed and ahead of time. The text goes to standard output, a summary to standard
// error.

using var input = new MemoryStream();
using (Stream standardInput = Console.OpenStandardInput())
{
    standardInput.CopyTo(input);
}

var fromText = new FamilySet();
if (!TextFormat.TryRead(input.ToArray(), new TextReadOptions(NameScheme.Utf8, Lenient: true), fromText, out FormatError error))
{
    Console.Error.WriteLine(error);
    return 1;
}

byte[] protobuf = WriteProtobuf(fromText);
var fromProtobuf = new FamilySet();
if (!ProtobufFormat.TryRead(protobuf, fromProtobuf, out error))
{
    Console.Error.WriteLine($"protobuf: {error}");
    return 1;
}

byte[] text = WriteText(fromText);
if (!text.AsSpan().SequenceEqual(WriteText(fromProtobuf)) || Describe(fromText) != Describe(fromProtobuf))
{
    Console.Error.WriteLine($"protobuf lost something: {Describe(fromText)} became {Describe(fromProtobuf)}");
    return 1;
}

using Stream output = Console.OpenStandardOutput();
output.Write(text);
Console.Error.WriteLine($"{Describe(fromText)}, {protobuf.Length} bytes of protobuf");
return 0;

static byte[] WriteText(FamilySet set)
{
    var output = new ArrayBufferWriter<byte>();
    for (int family = 0; family < set.Families.Length; family++)
    {
        FamilyRow row = set.Families[family];
        TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, output);
        TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, output);
    }

    return output.WrittenSpan.ToArray();
}

static byte[] WriteProtobuf(FamilySet set)
{
    var output = new ArrayBufferWriter<byte>();
    for (int family = 0; family < set.Families.Length; family++)
    {
        var metrics = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(set, family, EscapingScheme.AllowUtf8, metrics);
        FamilyRow row = set.Families[family];
        ProtobufFormat.WriteHeader(
            set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, metrics.WrittenCount, output);
        output.Write(metrics.WrittenSpan);
    }

    return output.WrittenSpan.ToArray();
}

static string Describe(FamilySet set)
{
    int labels = 0;
    double sum = 0;
    var names = new StringBuilder();
    foreach (ref readonly FamilyRow family in set.Families)
    {
        names.Append(Encoding.UTF8.GetString(set.Text(family.Name))).Append(' ');
        for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            labels += set.LabelsOf(metric).Length;
            sum += set.Metrics[metric].Value;
        }
    }

    return string.Create(CultureInfo.InvariantCulture,
        $"families {names}with {set.Metrics.Length} metrics, {labels} labels, {set.Points.Length} points, sum {sum}");
}
