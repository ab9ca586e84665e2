using System.Text;
using Exposition.Formats.Tests.Oracles;

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
            string actual = read ? TextDump.Of(set) : error.ToString();
            string expected = Answer(vector.Body, options);
            if (actual != expected)
            {
                differences.Append($"{vector}\n expected {expected}\n actual   {actual}\n");
            }
        }

        Assert.True(differences.Length == 0, differences.ToString());
    }

    private static string Answer(byte[] body, TextReadOptions options)
    {
        FamilySet? set = SlowTextReader.Read(body, options, out FormatError error);
        return set is null ? error.ToString() : TextDump.Of(set);
    }
}
