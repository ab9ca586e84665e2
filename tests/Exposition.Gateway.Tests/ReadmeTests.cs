namespace Exposition.Gateway.Tests;

/// <summary>Each flag stands in the tables of README, with the default that it has, and nothing stands there that is no flag.</summary>
public class ReadmeTests
{
    private static readonly string[] s_rows = [.. Readme().Split('\n').Where(static line => line.StartsWith("| `", StringComparison.Ordinal))];

    public static TheoryData<string> Flags => [.. CommandLine.Flags.Parse([]).Table().Select(static flag => flag.Name)];

    [Theory]
    [MemberData(nameof(Flags))]
    public void A_flag_stands_in_its_table(string flag)
    {
        const string limit = "limit.";
        string cell = flag.StartsWith(limit, StringComparison.Ordinal) ? $"`{flag[limit.Length..]}`" : $"`--{flag}`";
        string row = Assert.Single(s_rows, row => row.Split('|')[1].Contains(cell, StringComparison.Ordinal));
        if (flag.StartsWith(limit, StringComparison.Ordinal) && flag != "limit.stored-bytes")
        {
            string[] names = [.. row.Split('|')[1].Split(',').Select(static name => name.Trim(' ', '`'))];
            string[] defaults = [.. row.Split('|')[2].Split(',').Select(static value => value.Trim())];
            string shown = CommandLine.Flags.Parse([]).Shown()[flag];
            Assert.Equal(shown.Replace("m0s", "m", StringComparison.Ordinal), defaults[Array.IndexOf(names, flag[limit.Length..])]);
        }
    }

    [Fact]
    public void Only_flags_stand_in_the_tables()
    {
        HashSet<string> known = [.. CommandLine.Flags.Parse([]).Table().Select(static flag => "--" + flag.Name), "--limit.*"];
        IEnumerable<string> named = s_rows.SelectMany(static row => row.Split('|')[1].Split('`')).Where(static name => name.StartsWith("--", StringComparison.Ordinal));
        Assert.Empty(named.Except(known));
    }

    private static string Readme()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Engine.sln")))
        {
            root = Path.GetDirectoryName(root.TrimEnd('/'))!;
        }

        return File.ReadAllText(Path.Combine(root, "README.md"));
    }
}
