using System.Text;
using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests;

/// <summary>What a view costs where there are many groups: what is asked of it, however many there are.</summary>
public class ViewCostTests
{
    private const int Groups = 20_000;

    private readonly MetricStore _store = new(new StoreOptions());

    public ViewCostTests()
    {
        for (int i = 0; i < Groups; i++)
        {
            Push(i, "x 1\n");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Opening_looks_at_no_group_also_after_a_creation(bool created)
    {
        if (created)
        {
            Push(Groups, "x 1\n");
        }

        int read = 0;
        Explored.Hook = step => read += step == Steps.ReadSlot ? 1 : 0;
        try
        {
            using StoreView view = _store.OpenView();
            Assert.Equal((Groups + (created ? 1 : 0), 0), (view.Count, read));
            Assert.InRange(view.FirstGroups(10).Length, 10, 2000);
            Assert.InRange(read, 10, 2000);
            Assert.Equal(view.Count, view.Groups.Length);
        }
        finally
        {
            Explored.Hook = null;
        }
    }

    [Fact]
    public void Groups_that_are_asked_for_late_are_those_of_the_opening()
    {
        using StoreView view = _store.OpenView();
        int first = view.FirstGroups(1).Length;
        for (int i = 0; i < Groups; i += 7)
        {
            Push(i, "x 2\n");
            Push(i, "x 3\n");
        }

        for (int i = 1; i < Groups; i += 7)
        {
            Assert.True(_store.Delete(Key(i)));
        }

        Push(Groups, "x 2\n");
        ReadOnlySpan<GroupSnapshot> groups = view.Groups;
        Assert.True(first < Groups / 2);
        Assert.Equal(Groups, groups.Length);
        foreach (GroupSnapshot group in groups)
        {
            Assert.True(group.TryGet("x"u8, out FamilyEntry entry));
            Assert.EndsWith(" 1\n", Encoding.ASCII.GetString(entry.Text.Span), StringComparison.Ordinal);
        }
    }

    private static GroupingKey Key(int i) => Harness.Key("job", "j", "i", $"{i}");

    private void Push(int i, string body) =>
        Assert.Equal(PushStatus.Stored, _store.Push(Key(i), PushFormat.Text, Encoding.ASCII.GetBytes(body), PushMode.Replace).Status);
}
