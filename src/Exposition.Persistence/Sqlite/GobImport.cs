using Exposition.Persistence.Gob;

namespace Exposition.Persistence.Sqlite;

// The steps, so that a crash between any two of them loses nothing and the next start begins again or finds it done:
//   1. all groups are written into <file>.importing, a database like any other, which is closed and so complete on disk;
//   2. the original is copied to its new name, and the copy is forced to disk;
//   3. <file>.importing is renamed to <file>, in one step over the original.
// The original is held exclusively meanwhile, so that two processes do not import it at once.

/// <summary>Turns a state file of the Prometheus Pushgateway into a database of ours in its place.</summary>
internal static class GobImport
{
    /// <summary>Imports the file.</summary>
    /// <returns>The name under which the original was kept.</returns>
    /// <exception cref="DurableStoreException">It could not be read, or there is no room; the original is as it was.</exception>
    public static string Run(string path, TimeProvider time, Action<DurableNotice> report) => FilePlace.Guard(() =>
    {
        using var original = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None);
        byte[] bytes = ReadAll(original);
        string temporary = path + ".importing";
        using var into = new NewDatabase(temporary);
        GobState state = Open(bytes, path, (in group) => into.Put(group), report);
        string? error = state.Read();
        into.Complete();
        string kept = FilePlace.NameAside(path, error is null ? "pushgateway" : "damaged", time.GetUtcNow());
        Keep(original, kept);
        Directories.Sync(path);
        File.Move(temporary, path, overwrite: true);
        Directories.Sync(path);
        report(new DurableNotice(DurableEvent.Imported, kept, state.Groups));
        if (error is not null)
        {
            report(new DurableNotice(DurableEvent.MovedDamaged, kept, state.Groups, error));
        }

        return kept;
    });

    /// <summary>Hands over the groups of a file without changing anything.</summary>
    /// <returns>Their number.</returns>
    public static int ReadOnly(string path, RestoreGroup restore, Action<DurableNotice> report) => FilePlace.Guard(() =>
    {
        using var original = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        GobState state = Open(ReadAll(original), path, restore, report);
        if (state.Read() is { } error)
        {
            report(new DurableNotice(DurableEvent.DamagedGroup, path, 0, error));
        }

        return state.Groups;
    });

    private static GobState Open(byte[] file, string path, RestoreGroup take, Action<DurableNotice> report) =>
        new(file, take, why => report(new DurableNotice(DurableEvent.DamagedGroup, path, 1, why)));

    private static byte[] ReadAll(FileStream file)
    {
        if (file.Length > Array.MaxLength)
        {
            throw new DurableStoreException(
                DurableFault.Unavailable, $"{file.Name} is too large to be imported: {file.Length} bytes, at most {Array.MaxLength}");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void Keep(FileStream original, string kept)
    {
        string partial = kept + ".part";
        FilePlace.CreatePrivate(partial);
        using (var copy = new FileStream(partial, FileMode.Truncate, FileAccess.Write))
        {
            original.Position = 0;
            original.CopyTo(copy);
            copy.Flush(flushToDisk: true);
        }

        File.Move(partial, kept);
    }
}
