#:project ../Exposition.Formats

// What a scrape costs: the families of an exposition with most series. dotnet run read-a-file.cs metrics.txt
using System.Text;
using Exposition.Formats;

if (args is not [var path])
{
    Console.Error.WriteLine("expected one argument: a file in the text format of Prometheus");
    return 2;
}

byte[] text = File.ReadAllBytes(path);
var series = new Dictionary<string, int>();
var reader = new ExpositionReader(text, new ExpositionReaderState());
while (reader.Read())
{
    if (reader.Token == ExpositionToken.Sample)
    {
        string name = Encoding.UTF8.GetString(reader.Name);
        series[name] = series.GetValueOrDefault(name) + 1;
    }
}

if (reader.Error is { } error)
{
    Console.Error.WriteLine($"{path}: {error}");
    return 1;
}

var most = series.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal);
foreach ((string name, int count) in most.Take(10))
{
    Console.WriteLine($"{count,8} {name}");
}

return 0;
