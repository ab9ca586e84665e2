using System.Text;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Persistence.Tests;

/// <summary>Hand-made groups, and a fresh directory per test.</summary>
internal static class Samples
{
    public static GroupingKey Key(string job, string? instance = null) =>
        instance is null ? GroupingKey.Create(("job", job)) : GroupingKey.Create(("job", job), ("instance", instance));

    public static FamilyEntry Family(
        string name, string text, string? help = null, MetricType type = MetricType.Gauge, string sidecar = "", long pushedAt = 17) => new(
        Encoding.UTF8.GetBytes(name), type, help is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(help), 0)
        {
            PushedAt = pushedAt,
            Text = Encoding.UTF8.GetBytes(text),
            Sidecar = Encoding.UTF8.GetBytes(sidecar),
            Traits = sidecar.Length > 0 ? FamilyTraits.EscapedNames : FamilyTraits.None,
            SampleCount = text.Count(static c => c == '\n'),
        };

    public static string Show(GroupingKey key, ReadOnlySpan<FamilyEntry> families)
    {
        var text = new StringBuilder(key.ToString());
        foreach (FamilyEntry f in families)
        {
            text.Append('|').Append(Utf8(f.Name)).Append(' ').Append(f.Type).Append(' ')
                .Append(f.HasHelp ? "help:" + Utf8(f.Help) : "nohelp")
                .Append(' ').Append(f.PushedAt).Append(' ').Append(f.SampleCount).Append(' ').Append(f.Traits).Append(' ')
                    .Append(f.UnitLength).Append(' ').Append(Utf8(f.Text))
                .Append(' ').Append(Utf8(f.Sidecar));
        }

        return text.ToString();
    }

    private static string Utf8(ReadOnlyMemory<byte> text) => Encoding.UTF8.GetString(text.Span);
}

public abstract class InDirectory : IDisposable
{
    protected InDirectory()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("exposition-persistence").FullName;
        File = Path.Combine(Directory, "data");
    }

    protected string Directory { get; }

    protected string File { get; }

    protected List<DurableNotice> Notices { get; } = [];

    internal IDurableStore Open() => new SqliteStore(File, TimeProvider.System, Notices.Add);

    internal void Save(params (GroupingKey Key, FamilyEntry[] Families)[] groups)
    {
        using IDurableStore store = Open();
        Write(store, groups);
    }

    internal static void Write(IDurableStore store, params IEnumerable<(GroupingKey Key, FamilyEntry[] Families)> groups)
    {
        using IDurableBatch batch = store.Begin();
        foreach ((GroupingKey key, FamilyEntry[] families) in groups)
        {
            batch.Put(new KeptGroup(key, families), 7);
        }

        batch.Commit();
    }

    internal List<string> Load(out LoadReport report)
    {
        using IDurableStore store = Open();
        var loaded = new List<string>();
        report = store.Load((in group) => loaded.Add(Samples.Show(group.Key, group.Families)));
        return loaded;
    }

    protected string[] Files() =>
        [.. System.IO.Directory.GetFiles(Directory).Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        System.IO.Directory.Delete(Directory, recursive: true);
        GC.SuppressFinalize(this);
    }
}
