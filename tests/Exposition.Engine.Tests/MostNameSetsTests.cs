using System.Text;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>How near the limit on sets of grouping label names is, is known without looking at all families.</summary>
public sealed class MostNameSetsTests
{
    private const int Families = 4;
    private const int Sets = 6;

    [Property]
    public void It_is_that_of_the_family_that_has_most(byte[] operations)
    {
        var harness = new Harness(mostNameSets: 1000);
        var groups = new Dictionary<(int Set, int Member), HashSet<int>>();
        foreach (byte operation in operations)
        {
            int set = operation % Sets;
            int member = operation / Sets % 2;
            int family = operation / (2 * Sets) % Families;
            GroupingKey key = Harness.Key("job", $"j{member}", $"l{set}", "x");
            switch (operation / 64)
            {
                case 3:
                    harness.Store.Delete(key);
                    groups.Remove((set, member));
                    break;
                case 2:
                    Push(harness, key, family, PushMode.Replace);
                    groups[(set, member)] = [family];
                    break;
                default:
                    Push(harness, key, family, PushMode.Merge);
                    (groups.TryGetValue((set, member), out HashSet<int>? held) ? held : groups[(set, member)] = []).Add(family);
                    break;
            }

            int most = groups.SelectMany(static group => group.Value.Select(family => (family, group.Key.Set))).Distinct()
                .GroupBy(static pair => pair.family).Select(static sets => sets.Count()).DefaultIfEmpty(0).Max();
            Assert.Equal(most, harness.Store.MostNameSets);
        }

        harness.Store.Wipe();
        Assert.Equal(0, harness.Store.MostNameSets);
    }

    private static void Push(Harness harness, GroupingKey key, int family, PushMode mode) => Assert.Equal(PushStatus.Stored,
        harness.Store.Push(key, PushFormat.Text, Encoding.ASCII.GetBytes($"f{family} 1\n"), mode).Status);
}
