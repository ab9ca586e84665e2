using Exposition.Engine;

namespace Exposition.Persistence.Tests.Disk;

/// <summary>A file whose bytes have changed on the disk.</summary>
public class FlippedBitsTests : InDirectory
{
    private const int Seed = 7;

    [Fact]
    public void A_changed_byte_never_changes_a_group_and_never_goes_unnoticed_with_a_loss()
    {
        using (var store = new SqliteStore(File, TimeProvider.System, Notices.Add))
        {
            for (int step = 1; step <= 8; step++)
            {
                Workload.Run(store, step);
            }
        }

        byte[] original = System.IO.File.ReadAllBytes(File);
        string[] all = Workload.StateAfter(8).Split(' ');
        var random = new Random(Seed);
        int losses = 0;
        for (int i = 0; i < 250; i++)
        {
            // Half of them where the structure is: in the first bytes of a page.
            int page = random.Next(original.Length / 16384) * 16384;
            int at = random.Next(2) == 0 ? page + random.Next(120) : random.Next(original.Length);
            byte[] changed = [.. original];
            changed[at] ^= (byte)(1 << random.Next(8));
            losses += Check(changed, all, $"byte {at}, seed {Seed}") ? 1 : 0;
        }

        Assert.InRange(losses, 20, 250);
    }

    private bool Check(byte[] changed, string[] all, string where)
    {
        foreach (string file in System.IO.Directory.GetFiles(Directory))
        {
            System.IO.File.Delete(file);
        }

        System.IO.File.WriteAllBytes(File, changed);
        Notices.Clear();
        string[] found;
        using (IDurableStore store = Open())
        {
            var kept = new List<(GroupingKey, FamilyEntry[])>();
            found = Workload.Read(store, (in group) => kept.Add((group.Key, group.Families.ToArray())))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.True(found.All(all.Contains), $"{where}: {string.Join(' ', found)}");
            if (found.Length < all.Length)
            {
                Assert.True(Notices.Count > 0, $"{where}: {all.Length - found.Length} groups are missing without a word");
            }

            if (store.Incomplete)
            {
                Write(store, kept);
                store.Completed();
            }
        }

        // Moved aside means moved: not one byte is different.
        foreach (DurableNotice moved in Notices.Where(static n => n.Event is DurableEvent.MovedDamaged or DurableEvent.MovedForeign))
        {
            Assert.Equal(changed, System.IO.File.ReadAllBytes(moved.Path));
        }

        Assert.Equal(
            Notices.Exists(static n => n.Event == DurableEvent.Damaged), Notices.Exists(static n => n.Event == DurableEvent.MovedDamaged));
        using IDurableStore again = Open();
        Assert.Equal(string.Join(' ', found), Workload.Read(again));
        return found.Length < all.Length;
    }
}
