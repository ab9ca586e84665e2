using System.Text.RegularExpressions;

namespace Exposition.Conformance.Tests.House;

/// <summary>
/// Folders of a project are rooms: named for what is in them, with a namespace each, and no two that know each other both ways. Who knows
/// whom is what the using directives say; the build allows none that is not needed.
/// </summary>
public sealed partial class RoomsTests
{
    private static readonly string s_source = Path.Combine(Checkout.Root, "src");
    private static readonly string[] s_drawers = ["Internal", "Own", "Common", "Misc", "Utils", "Util", "Helpers", "Shared", "Core"];

    // What belongs to a group for as long as it lives hangs on its slot, wherever it is understood: slots are found once, by their key.
    private static readonly (string Room, string Other)[] s_bothWays =
    [
        ("Exposition.Engine.Feed", "Exposition.Engine.Groups"),
        ("Exposition.Engine.Groups", "Exposition.Engine.Repeats"),
    ];

    // Who puts a project together knows its rooms; they do not know him.
    private static readonly (string Project, string Type)[] s_composition =
    [
        ("Exposition.Engine", "MetricStore"),
        ("Exposition.Persistence", "DurableCopy"),
        ("Exposition.Persistence", "SqliteStore"),
        ("Exposition.Gateway", "GatewayHost"),
        ("Exposition.Replication", "Replicator"),
    ];

    private static readonly (string Path, string Text)[] s_files =
        [.. Directory.EnumerateFiles(s_source, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: Path.GetRelativePath(s_source, path).Replace('\\', '/'), Text: File.ReadAllText(path)))
            .Where(file => !file.Path.Contains("/obj/", StringComparison.Ordinal)
                && !file.Path.Contains("/bin/", StringComparison.Ordinal))];

    [Fact]
    public void No_folder_is_a_drawer() => Assert.DoesNotContain(s_files, file => file.Path.Split('/').SkipLast(1).Any(s_drawers.Contains));

    [Fact]
    public void Namespaces_are_folders_but_for_extensions_of_builders()
    {
        Assert.All(s_files.Where(file => Declared().IsMatch(file.Text)), file =>
        {
            string declared = Declared().Match(file.Text).Groups[1].Value;
            bool isExtension = file.Path.EndsWith("Extensions.cs", StringComparison.Ordinal) && file.Path.Count(c => c == '/') == 1;
            Assert.True(
                declared == RoomOf(file.Path) || (isExtension && ArchitectureTests.BuilderNamespaces.Contains(declared)),
                $"{file.Path} declares {declared}");
        });
    }

    [Fact]
    public void No_two_rooms_of_a_project_know_each_other()
    {
        var known = (from file in s_files
                     from Match use in Used().Matches(file.Text)
                     select (From: RoomOf(file.Path), To: use.Groups[1].Value))
                         .Where(pair => ProjectOf(pair.From) == ProjectOf(pair.To)).ToHashSet();
        var bothWays = known.Where(pair => string.CompareOrdinal(pair.From, pair.To) < 0 && known.Contains((pair.To, pair.From)));

        Assert.InRange(known.Count, 60, 1000);
        Assert.Equal(s_bothWays.Order(), bothWays.Order());
    }

    [Fact]
    public void Rooms_do_not_know_who_puts_them_together() => Assert.All(s_composition, composed =>
    {
        var rooms = s_files.Where(
            file => file.Path.StartsWith(composed.Project + '/', StringComparison.Ordinal) && file.Path.Count(letter => letter == '/') > 1
            && Path.GetFileNameWithoutExtension(file.Path) != composed.Type);
        Assert.DoesNotContain(rooms, file => Regex.IsMatch(Comments().Replace(file.Text, ""), $@"\b{composed.Type}\b"));
    });

    private static string RoomOf(string path) => Path.GetDirectoryName(path)!.Replace('\\', '/').Replace('/', '.');

    private static string ProjectOf(string room) => string.Join('.', room.Split('.').Take(2));

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Declared();

    [GeneratedRegex(@"^using (?:static )?(Exposition\.\w+\.\w+);", RegexOptions.Multiline)]
    private static partial Regex Used();

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comments();
}
