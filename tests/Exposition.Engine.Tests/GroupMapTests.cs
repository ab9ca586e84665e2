using System.Globalization;
using Exposition.Engine.Groups;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

public class GroupMapTests
{
    private static readonly NameSet s_names = new([]);

    [Property(MaxTest = 200)]
    public void A_map_is_what_its_changes_have_made_of_it(int seed)
    {
        var random = new Random(seed);
        var model = new SortedDictionary<GroupingKey, GroupSlot>();
        GroupMap map = GroupMap.Of([]);
        Action<GroupMap>? end = null;
        var kept = new List<(GroupMap Map, GroupSlot[] Slots)>();
        for (int i = 0; i < 400; i++)
        {
            var slot = new GroupSlot(Harness.Key("job", random.Next(40).ToString(CultureInfo.InvariantCulture)), s_names);
            if (model.Remove(slot.Key, out GroupSlot? there))
            {
                map = map.Without(there);
            }
            else
            {
                model.Add(slot.Key, slot);
                map = map.With(slot);
            }

            Assert.Equal(model.Count, map.Count);
            if (random.Next(10) == 0)
            {
                end = map.Merge();
            }
            else if (random.Next(5) == 0)
            {
                // Begun with an older map, or done by another since.
                end?.Invoke(map);
            }

            if (random.Next(5) == 0)
            {
                Assert.Equal(model.Values, map.Slots.ToArray());
            }
            else if (random.Next(20) == 0)
            {
                kept.Add((map, [.. model.Values]));
            }
        }

        // Whoever asks for an old one later gets what it was.
        Assert.All(kept, static old => Assert.Equal(old.Slots, old.Map.Slots.ToArray()));
        Assert.Equal(model.Values, map.Unchanged().Slots.ToArray());
    }

    [Property(MaxTest = 200)]
    public void Many_keys_are_in_the_order_of_their_bytes(int seed)
    {
        // Some begin alike for long, some are the beginning of another, and zeros are not ends.
        var random = new Random(seed);
        string[] pieces = ["\0", "a", "b", "aaaaaaa", "bbbbbbbb", "\0\0\0\0\0\0\0"];
        var keys = new HashSet<GroupingKey>();
        for (int i = 0; i < 300; i++)
        {
            string value = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)]));
            keys.Add(random.Next(4) == 0 ? Harness.Key("job", "x" + value) : Harness.Key("job", "x", "instance", value));
        }

        GroupSlot[] slots = [.. keys.Select(static key => new GroupSlot(key, s_names))];
        Assert.Equal(keys.Order(), GroupMap.Of(slots).Slots.ToArray().Select(static slot => slot.Key));
    }

    [Fact]
    public void Changes_that_nobody_asks_for_do_not_pile_up()
    {
        GroupMap map = GroupMap.Of([]);
        var slot = new GroupSlot(Harness.Key("job", "j"), s_names);
        map = map.With(slot);
        for (int i = 0; i < 100_000; i++)
        {
            map = map.Without(slot).With(slot);
            if (map.IsOverdue)
            {
                Action<GroupMap> end = map.Merge();
                map = map.Without(slot).With(slot);
                end(map);
                Assert.Equal(2, map.PendingChanges);
            }
        }

        Assert.InRange(map.PendingChanges, 0, 1010);
        Assert.Same(slot, Assert.Single(map.Slots.ToArray()));
        Assert.Equal(0, map.PendingChanges);
    }
}
