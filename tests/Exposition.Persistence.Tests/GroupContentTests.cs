using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Formats;
using Exposition.Persistence.Rows;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Persistence.Tests;

public class GroupContentTests
{
    [Property(MaxTest = 200)]
    public Property Reads_what_it_wrote(
        NonNull<string>[] names, NonNull<string> text, NonNull<string> help, bool hasHelp, byte type, long pushedAt, NonNegativeInt samples)
    {
        FamilyEntry[] families = [.. names.Select(static n => System.Text.Encoding.UTF8.GetBytes(n.Get)).DistinctBy(Convert.ToHexString)
            .OrderBy(static n => Convert.ToHexString(n), StringComparer.Ordinal)
            .Select(n => Samples.Family("", text.Get, hasHelp ? help.Get : null, (MetricType)(type % 6), help.Get, pushedAt) with
                { Name = n, SampleCount = samples.Get, UnitLength = (byte)(n.Length > 1 ? n.Length / 2 : 0) })];
        byte[] content = Encode(families);
        GroupingKey key = Samples.Key("j");
        return (GroupContent.TryRead(content, out GroupState read) && Samples.Show(key, read.Families) == Samples.Show(key, families))
            .ToProperty();
    }

    [Fact]
    public void A_type_that_does_not_exist_is_refused() =>
        Assert.False(GroupContent.TryRead(Encode([Samples.Family("a", "a 1\n", type: (MetricType)6)]), out _));

    [Fact]
    public void Every_cut_is_refused()
    {
        byte[] content = Encode([Samples.Family("a", "a 1\n", "help"),
            Samples.Family("b_s", "b_s 1\nb_s{x=\"1\"} 2\n", sidecar: "raw") with { UnitLength = 1 }]);
        for (int length = 0; length < content.Length; length++)
        {
            Assert.False(GroupContent.TryRead(content[..length], out _), $"cut at {length}");
        }

        Assert.False(GroupContent.TryRead([.. content, 0], out _));
    }

    [Fact]
    public void Fields_of_a_later_version_are_passed_over()
    {
        byte[] content = Encode([Samples.Family("a", "a 1\n")]);
        byte[] fields = [99, 2, 0xAA, 0xBB, 0x81, 0x01, 0];
        Assert.True(GroupContent.TryRead([.. content, .. fields], out GroupState state));
        Assert.Equal("a", System.Text.Encoding.UTF8.GetString(Assert.Single(state.Families).Name.Span));
        foreach (int length in (int[])[1, 2, 3, 5, 6])
        {
            Assert.False(GroupContent.TryRead([.. content, .. fields[..length]], out _), $"cut at {length}");
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1000, false)]
    [InlineData(1024, true)]
    [InlineData(300_000, true)]
    public void What_is_long_is_packed(int length, bool packed)
    {
        byte[] content = [.. Enumerable.Range(0, length).Select(static i => (byte)(i % 7 == 0 ? i / 700 : 1))];
        byte[] column = PackedContent.Pack(content);
        Assert.Equal(packed, column.Length < content.Length);
        Assert.True(PackedContent.TryUnpack(column, out byte[] read));
        Assert.Equal(content, read);
    }

    [Fact]
    public void What_does_not_shrink_is_not_packed()
    {
        byte[] content = new byte[5000];
        new Random(1).NextBytes(content);
        content[0] = 1;
        Assert.Equal(content, PackedContent.Pack(content));
    }

    [Fact]
    public void Cuts_and_false_lengths_of_packed_contents_are_refused_and_flips_never_throw()
    {
        byte[] content = Encode([Samples.Family("a", string.Concat(Enumerable.Repeat("a 1\n", 500)))]);
        byte[] column = PackedContent.Pack(content);
        Assert.Equal(2, column[0]);
        for (int length = 1; length < column.Length; length++)
        {
            // Without its last bytes, a checksum, it may still be whole.
            Assert.True(!PackedContent.TryUnpack(column[..length], out byte[] read)
                || (length >= column.Length - 8 && read.SequenceEqual(content)), $"cut at {length}");
        }

        for (int at = 0; at < column.Length; at++)
        {
            byte[] flipped = [.. column];
            flipped[at] ^= 0x55;
            PackedContent.TryUnpack(flipped, out _);
        }

        Assert.False(PackedContent.TryUnpack([2, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, .. column[3..]], out _));
        Assert.False(PackedContent.TryUnpack([2, 0xFF, 0xFF, 0x7F, .. column[3..]], out _));
    }

    [Fact]
    public void Flipped_bytes_never_throw()
    {
        byte[] content = Encode([Samples.Family("a", "a 1\n", "help"), Samples.Family("b", "b 1\n")]);
        for (int at = 0; at < content.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] flipped = [.. content];
                flipped[at] ^= (byte)(1 << bit);
                GroupContent.TryRead(flipped, out _);
                Assert.NotEqual(RowChecksum.Of([1], 1, content), RowChecksum.Of([1], 1, flipped));
            }
        }
    }

    [Fact]
    public void Unordered_names_and_unknown_versions_are_refused()
    {
        Assert.False(GroupContent.TryRead(Encode([Samples.Family("b", ""), Samples.Family("a", "")]), out _));
        byte[] content = Encode([]);
        Assert.True(GroupContent.TryRead(content, out _));
        content[0] = 3;
        Assert.False(GroupContent.TryRead(content, out _));
    }

    // Vectors of RFC 3720, appendix B.4, and the usual check value.
    [Theory]
    [InlineData("313233343536373839", 0xE3069283)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", 0x8A9136AA)]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 0x62A8AB43)]
    [InlineData("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", 0x46DD794E)]
    public void Checksum_is_crc32c(string hex, uint expected) =>
        Assert.Equal(expected, ~RowChecksum.Append(uint.MaxValue, Convert.FromHexString(hex)));

    private static byte[] Encode(FamilyEntry[] families)
    {
        var group = new KeptGroup(Samples.Key("j"), families);
        byte[] buffer = new byte[GroupContent.MaxSize(group.Content)];
        return buffer[..GroupContent.Write(group.Content, buffer)];
    }
}
