using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

public class TextModelTests
{
    [Property(Replay = "3,5", MaxTest = 4000, Arbitrary = [typeof(Bodies)])]
    public Property The_reader_agrees_with_the_model(Body body)
    {
        var set = new FamilySet();
        FamilySet? expected = TextModel.Read(body.Text);
        bool read = TextFormat.TryRead(Encoding.UTF8.GetBytes(body.Text), default, set, out FormatError error);
        bool agrees = read == expected is not null && (!read || TextDump.Of(set) == TextDump.Of(expected!));
        return agrees.Label($"{error}\n{(read ? TextDump.Of(set) : "")}\n{(expected is null ? "refused" : TextDump.Of(expected))}")
            .Classify(read && set.Metrics.Length > 0, "accepted")
            .Classify(read && set.Points.Length > 0, "with points");
    }

    // The property is worth something only if many bodies are accepted and many are not.
    [Fact]
    public void The_generated_bodies_are_of_all_kinds()
    {
        Body[] bodies = [.. Bodies.Generator().Sample(1000, new Rnd(3, 5), 12)];
        FamilySet?[] read = [.. bodies.Select(body => TextModel.Read(body.Text))];
        Assert.InRange(read.Count(set => set is null), 100, 900);
        Assert.InRange(read.Count(set => set?.Points.Length > 0), 50, 900);
        Assert.InRange(read.Count(set => set?.Metrics.Length > 3), 50, 900);
    }

    public sealed record Body(string Text)
    {
        public override string ToString() => Text;
    }

    public static class Bodies
    {
        public static Arbitrary<Body> Body() => Arb.From(Generator());

        public static Gen<Body> Generator()
        {
            string[] families = ["a", "b", "s_count", ":r:x_2"];
            string[] types = ["counter", "gauge", "summary", "summary", "histogram", "histogram", "gaugehistogram", "untyped"];
            Gen<string> name = from stem in Gen.Elements(families)
                               from suffix in Gen.Elements(
                "", "", "_sum", "_count", "_bucket")
                               select stem + suffix;
            Gen<string> good = Gen.Elements("0", "1", "2.5", "1e3", "+7", ".5", "12345678901234567890", "+Inf");
            Gen<string> number = Gen.Frequency((60, good), (2, Gen.Constant("NaN")), (1, Gen.Elements("-1", "1e400x", "0x1")));
            Gen<string> ordinary = Gen.Elements("", "1", "é ü", "\\\\", "\\n\\\"");
            Gen<string> labels = from x in ordinary
                                 from y in ordinary
                                 from bound in number
                                 from all in Gen.Shuffle<string>([$"x=\"{x}\"", $"y=\"{y}\"", $"le=\"{bound}\"", $"quantile=\"{bound}\""])
                                 from count in Gen.Frequency((20, Gen.Choose(0, 4)), (1, Gen.Constant(5)))
                                 from comma in Gen.Elements("", count > 0 ? "," : "")
                                 select $"{{{string.Join(',', all.Concat(all).Take(count))}{comma}}}";
            Gen<string> sample = from n in name
                                 from l in Gen.Frequency((1, Gen.Constant(" ")), (4, labels), (1, labels.Select(text => text + " ")))
                                 from v in number
                                 from t in Gen.Frequency((6, Gen.Constant("")), (1, Gen.Elements(" 5", " -17")))
                                 select n + l + v + t;
            Gen<string> type = from n in name from t in Gen.Elements(types) select $"# TYPE {n} {t}";
            Gen<string> other = Gen.Frequency(
                (3, Gen.Elements("", "  ", "# comment", "# EOF", "#")),
                (1, name.Select(n => $"# HELP {n} some text ")),
                (1, Gen.Elements("# TYPE a nothing", "a", "a 1 2 3", "a{x=\"1\" 1", "a{x=1} 1", "a{,} 1", "a{__name__=\"x\"} 1")));
            Gen<string> line = Gen.Frequency((40, sample), (1, type), (4, other));
            return from first in Gen.Elements(types).ListOf(families.Length)
                   from typed in Gen.Choose(0, families.Length)
                   from lines in line.ListOf()
                   from end in Gen.Frequency((15, Gen.Constant("\n")), (1, Gen.Constant("")))
                   select new Body(string.Join('\n', first.Zip(families, (t, n) => $"# TYPE {n} {t}").Take(typed).Concat(lines)) + end);
        }
    }
}
