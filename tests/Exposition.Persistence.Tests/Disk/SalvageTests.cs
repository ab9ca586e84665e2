using System.Globalization;

namespace Exposition.Persistence.Tests.Disk;

/// <summary>Pages that cannot be read cost the groups that lie on them, and no others.</summary>
public class SalvageTests : InDirectory
{
    private const int PageSize = 16384;
    private const int Groups = 3000;
    private const byte LeafOfTable = 0x0D;
    private const byte LeafOfIndex = 0x0A;

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xA5)]
    public void Of_a_broken_page_only_its_own_groups_are_lost(byte fill)
    {
        byte[] whole = Make();
        int most = 0;
        int leaves = 0;
        for (int page = 1; page < whole.Length / PageSize; page++)
        {
            byte kind = whole[page * PageSize];
            if (kind is not (LeafOfTable or LeafOfIndex))
            {
                continue;
            }

            int rows = RowsOn(whole, page);
            (int groups, bool replaced) = LoadWith(whole, fill, page);
            Assert.True(groups >= Groups - (kind == LeafOfTable ? rows : 0), $"page {page} of {rows} rows: {groups} of {Groups} groups");
            Assert.True(replaced || groups == Groups, $"page {page}: {groups} groups, and nothing was said");
            most = Math.Max(most, Groups - groups);
            leaves += kind == LeafOfTable && rows > 0 ? 1 : 0;
        }

        // The pages of groups were among them.
        Assert.InRange(most, 10, 400);
        Assert.InRange(leaves, 20, 400);
    }

    [Fact]
    public void What_lies_between_two_broken_pages_and_behind_many_is_found()
    {
        byte[] whole = Make();
        int[] leaves = [.. Enumerable.Range(1, (whole.Length / PageSize) - 1)
            .Where(page => whole[page * PageSize] == LeafOfTable && RowsOn(whole, page) > 10)];
        foreach (int[] broken in (int[][])[[leaves[3], leaves[5]], [leaves[0], leaves[^1]], leaves[4..^4]])
        {
            int lost = broken.Sum(page => RowsOn(whole, page));
            Assert.True(LoadWith(whole, 0, broken).Groups >= Groups - lost, string.Join(' ', broken));
        }
    }

    private static int RowsOn(byte[] file, int page) => (file[(page * PageSize) + 3] << 8) | file[(page * PageSize) + 4];

    private (int Groups, bool Replaced) LoadWith(byte[] whole, byte fill, params int[] broken)
    {
        byte[] file = [.. whole];
        foreach (int page in broken)
        {
            file.AsSpan(page * PageSize, PageSize).Fill(fill);
        }

        foreach (string left in System.IO.Directory.GetFiles(Directory))
        {
            System.IO.File.Delete(left);
        }

        System.IO.File.WriteAllBytes(File, file);
        Load(out LoadReport report);
        return (report.Groups, report.Replaced);
    }

    private byte[] Make()
    {
        Save([.. Enumerable.Range(0, Groups).Select(static i => (
            Samples.Key(string.Create(CultureInfo.InvariantCulture, $"j{i}")),
            new[] { Samples.Family(
                "a", string.Create(CultureInfo.InvariantCulture, $"a{{x=\"{new Random(i).GetHexString(150)}\"}} {i}\n")) }))]);
        return System.IO.File.ReadAllBytes(File);
    }
}
