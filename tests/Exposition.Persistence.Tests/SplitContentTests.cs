using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Persistence.Rows;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Persistence.Tests;

public class SplitContentTests
{
    private static readonly GroupingKey s_key = Samples.Key("j");

    private static readonly FamilyEntry[] s_families =
    [
        Samples.Family("a", "a{x=\"1 2\"} 1\na{x=\"\\n\"} NaN\n", "help", pushedAt: 18),
        Samples.Family("b", "", sidecar: "raw"),
        Samples.Family("c", "c 1e+21\n", pushedAt: 19),
    ];

    [Property(MaxTest = 300)]
    public Property Any_lines_come_back(NonNull<string>[][] texts, long pushedAt, NonNull<string> sidecar)
    {
        FamilyEntry[] families = [.. texts.Select((lines, i) =>
            Samples.Family($"f{i:d3}", string.Concat(lines.Select(static l => l.Get + "\n")), i % 2 == 0
                ? "h"
                : null, sidecar: sidecar.Get, pushedAt: pushedAt + i))];
        return (Join(families) is { } joined && joined == Samples.Show(Samples.Key("j"), families)).ToProperty();
    }

    [Fact]
    public void Values_alone_do_not_change_the_shape()
    {
        FamilyEntry[] later = [.. s_families.Select(static f => f with { PushedAt = 77, Text = System.Text.Encoding.UTF8.GetBytes(
            System.Text.Encoding.UTF8.GetString(f.Text.Span).Replace(" 1\n", " 123\n", StringComparison.Ordinal)) })];
        (byte[] shape, byte[] values) = Cut(s_families);
        (byte[] laterShape, byte[] laterValues) = Cut(later);
        Assert.Equal(shape, laterShape);
        Assert.NotEqual(values, laterValues);
    }

    [Fact]
    public void A_text_that_does_not_end_in_a_line_end_is_not_cut()
    {
        FamilyEntry[] families = [Samples.Family("a", "a 1\na 2")];
        Assert.Empty(Cut(families).Shape);
    }

    [Fact]
    public void Cuts_and_extra_bytes_are_refused_and_flips_never_throw()
    {
        (byte[] shape, byte[] values) = Cut(s_families);
        for (int length = 0; length < values.Length; length++)
        {
            Assert.False(SplitContent.TryJoin(shape, values[..length], out _), $"cut at {length}");
        }

        Assert.False(SplitContent.TryJoin(shape, [.. values, 0], out _));
        for (int bit = 0; bit < values.Length * 8; bit++)
        {
            byte[] flipped = [.. values];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            SplitContent.TryJoin(shape, flipped, out _);
        }

        for (int bit = 0; bit < shape.Length * 8; bit++)
        {
            byte[] flipped = [.. shape];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            SplitContent.TryJoin(flipped, values, out _);
        }
    }

    [Fact]
    public void Values_of_another_shape_are_refused()
    {
        byte[] column = Column(s_families, out _);
        FamilyEntry[] other = [.. s_families.Select(static f => f with { SampleCount = f.SampleCount + 1 })];
        Column(other, out byte[] otherShape);
        Column(s_families, out byte[] shape);
        Assert.True(SplitColumn.TryJoin(column, shape, out _));
        Assert.False(SplitColumn.TryJoin(column, otherShape, out _));
        Assert.False(SplitColumn.TryJoin(column, null, out _));
    }

    [Fact]
    public void Fields_go_with_the_values()
    {
        (byte[] shape, byte[] values) = Cut(s_families, fields: true);
        Assert.Equal(Cut(s_families).Shape, shape);
        Assert.True(SplitContent.TryJoin(shape, values, out GroupState state));
        Assert.Equal((5, new PushFailure(7, "why", "who")), (state.ExpiresAt, state.LastFailure));
    }

    // What lets a digest be remembered: since one version, one shape.
    [Fact]
    public void While_the_store_says_that_only_values_have_changed_the_shape_is_the_same()
    {
        const int Seed = 5;
        int same = 0, changed = 0;
        for (int run = 0; run < 40; run++)
        {
            var random = new Random(Seed + run);
            var store = new MetricStore(new StoreOptions { VerifyShapes = true, CheckConsistency = random.Next(2) == 0 });
            int series = 4, help = 0;
            string type = "gauge";
            (long Since, byte[] Shape) last = default;
            for (int push = 0; push < 60; push++)
            {
                switch (random.Next(14))
                {
                    case 0: series = 1 + random.Next(6); break;
                    case 1: help = random.Next(3); break;
                    case 2: type = random.Next(2) == 0 ? "counter" : "gauge"; break;
                    case 3: store.Push(s_key, PushFormat.Text, "# TYPE x histogram\nx 1\n"u8.ToArray(), PushMode.Merge); break;
                    case 4: store.Push(s_key, PushFormat.Text, "extra 1\n"u8.ToArray(), PushMode.Merge); break;
                    case 5: store.Push(s_key, PushFormat.Text, "x{a=\"0\"} 1\nx{a=\"0\"} 1\n"u8.ToArray(), PushMode.Merge); break;
                }

                string body = $"# HELP x help {help}\n# TYPE x {type}\n"
                    + string.Concat(Enumerable.Range(0, series).Select(i => $"x{{a=\"{i}\"}} {random.Next(2000) / 2.0}\n"));
                store.Push(s_key, PushFormat.Text, System.Text.Encoding.UTF8.GetBytes(body), random.Next(8) == 0
                    ? PushMode.Merge
                    : PushMode.Replace);
                using StoreView view = store.OpenView();
                KeptGroup group = KeptGroup.Of(view.Groups[0], store);
                Assert.True(SplitContent.TryMeasure(group, out SplitSize size));
                byte[] shape = Content.ToArray(new SplitShape(group, size));
                if (group.SeriesSince == last.Since)
                {
                    same++;
                    Assert.True(shape.AsSpan().SequenceEqual(last.Shape), $"seed {Seed + run}, push {push}");
                }
                else
                {
                    changed++;
                }

                last = (group.SeriesSince, shape);
            }
        }

        Assert.True(same > 300 && changed > 300, $"{same} repeated, {changed} not");
    }

    private static byte[] Column(FamilyEntry[] families, out byte[] packedShape)
    {
        var group = new KeptGroup(Samples.Key("j"), families);
        Assert.True(SplitContent.TryMeasure(group, out SplitSize size));
        var shape = new SplitShape(group, size);
        packedShape = PackedContent.Pack(shape);
        byte[] column = SplitColumn.Pack(SplitContent.Digest(shape), new SplitValues(group, size));
        Assert.True(SplitColumn.IsOne(column));
        return column;
    }

    private static string? Join(FamilyEntry[] families)
    {
        (byte[] shape, byte[] values) = Cut(families);
        return SplitContent.TryJoin(shape, values, out GroupState state) ? Samples.Show(Samples.Key("j"), state.Families) : null;
    }

    private static (byte[] Shape, byte[] Values) Cut(FamilyEntry[] families, bool fields = false)
    {
        var group = new KeptGroup(Samples.Key("j"), families)
        { ExpiresAt = fields ? 5 : null, LastFailure = fields ? new PushFailure(7, "why", "who") : null };
        return !SplitContent.TryMeasure(group, out SplitSize size) ? ([], [])
            : (Content.ToArray(new SplitShape(group, size)), Content.ToArray(new SplitValues(group, size)));
    }
}
