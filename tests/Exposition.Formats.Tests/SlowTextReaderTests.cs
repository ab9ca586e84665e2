using System.Text;
using Exposition.Formats.Tests.Oracles;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

/// <summary>The oracle of the fuzzer and of the guard pages is itself judged by the recorded answers, and judges the real reader.</summary>
public class SlowTextReaderTests
{
    [Theory]
    [InlineData(NameScheme.Legacy, 97)]
    [InlineData(NameScheme.Utf8, 115)]
    public void The_oracle_answers_as_the_reference_does(NameScheme scheme, int differences)
    {
        var unexpected = new StringBuilder();
        int different = 0;
        foreach (TextVector vector in TextVectors.TextBodies(scheme))
        {
            string expected = vector.Panics ? "panic" : vector.Error ?? TextDump.OfProtobuf(vector.Families);
            string actual = Answer(vector.Body, new TextReadOptions(scheme, Lenient: false));
            if (actual == expected)
            {
                continue;
            }

            // Lines that begin with "{" mean in the reference what the line before makes of them; see TextOracleTests.
            different++;
            if (!Encoding.Latin1.GetString(vector.Body).Split('\n').Any(line => line.TrimStart(' ', '\t').StartsWith('{')))
            {
                unexpected.Append($"{vector}\n expected {expected}\n actual   {actual}\n");
            }
        }

        Assert.True(unexpected.Length == 0, unexpected.ToString());
        Assert.Equal(differences, different);
    }

    [Theory]
    [InlineData(NameScheme.Legacy, false)]
    [InlineData(NameScheme.Legacy, true)]
    [InlineData(NameScheme.Utf8, false)]
    [InlineData(NameScheme.Utf8, true)]
    public void The_reader_answers_every_recorded_body_as_the_oracle_does(NameScheme scheme, bool lenient)
    {
        var options = new TextReadOptions(scheme, lenient);
        var set = new FamilySet();
        var differences = new StringBuilder();
        foreach (TextVector vector in TextVectors.TextBodies(scheme))
        {
            bool read = TextFormat.TryRead(vector.Body, options, set, out FormatError error);
            string actual = read ? TextDump.Of(set) : (error with { Hint = null }).ToString();
            string expected = Answer(vector.Body, options);
            if (actual != expected)
            {
                differences.Append($"{vector}\n expected {expected}\n actual   {actual}\n");
            }
        }

        Assert.True(differences.Length == 0, differences.ToString());
    }

    // Few names and labels, so that lines meet: types that come late, parts that come before their whole, lines that come twice.
    [Property(Replay = "21,5", MaxTest = 4000)]
    public void The_lenient_reader_puts_lines_together_as_the_oracle_does(int seed)
    {
        var random = new Random(seed);
        var body = new StringBuilder();
        for (int line = random.Next(1, 12); line > 0; line--)
        {
            string name = random.Next(4) == 0 ? "t" : "s";
            string suffix = ((string[])["", "", "_count", "_sum", "_bucket"])[random.Next(5)];
            string[] labels = [
                .. ((string[])["quantile=\"0.5\"", "le=\"1\"", "le=\"+Inf\"", "le=\"x\"", "x=\"1\""]).Where(_ => random.Next(4) == 0)];
            body.Append(random.Next(5) switch
            {
                0 => $"# TYPE {name}{suffix} {((string[])["summary", "histogram", "gauge", "counter", "untyped"])[random.Next(5)]}",
                1 when random.Next(3) == 0 => $"# HELP {name}{suffix} {random.Next(3)}{(random.Next(9) == 0 ? "# TYPE " : "")}",
                _ => $"{(random.Next(9) == 0 ? "\u00EF\u00BB\u00BF" : "")}{name}{suffix}{{{string.Join(',', labels)}}} {((string[])["1", "0", "2", "1.5", "-1", "-nan"])[random.Next(6)]}{(random.Next(9) == 0 ? " 7" : "")}",
            });
            body.Append(line > 1 || random.Next(4) > 0 ? "\n" : "");
        }

        byte[] bytes = Encoding.Latin1.GetBytes(body.ToString());
        var set = new FamilySet();
        var options = new TextReadOptions(NameScheme.Legacy, Lenient: true);
        bool read = TextFormat.TryRead(bytes, options, set, out FormatError error);
        Assert.Equal(Answer(bytes, options), read ? TextDump.Of(set) : (error with { Hint = null }).ToString());
    }

    private static string Answer(byte[] body, TextReadOptions options)
    {
        FamilySet? set = SlowTextReader.Read(body, options, out FormatError error);
        return set is null ? error.ToString() : TextDump.Of(set);
    }
}
