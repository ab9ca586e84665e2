using System.Runtime.CompilerServices;
using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests;

/// <summary>A map of groups that has been replaced goes when no view is on its way to it any more.</summary>
public sealed class MapOfBeforeTests
{
    private readonly MetricStore _store = new(new StoreOptions());

    // Nothing changes any more that would let the map of before go.
    [Fact]
    public void Groups_that_went_while_a_view_was_on_its_way_do_not_wait_for_the_next_change()
    {
        WeakReference group = PushOne();
        bool deleted = false;
        Explored.Hook = step =>
        {
            if (step == Steps.ReadSlot && !deleted)
            {
                deleted = true;
                Assert.True(_store.Delete(Harness.Key("job", "one")));
            }
        };
        try
        {
            using StoreView view = _store.OpenView();
            Assert.Equal(1, view.Groups.Length);
        }
        finally
        {
            Explored.Hook = null;
        }

        Assert.True(deleted);
        _store.TrimSpareMemory();
        _store.TrimSpareMemory();
        GC.Collect();
        Assert.False(group.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference PushOne()
    {
        GroupingKey key = Harness.Key("job", "one");
        Assert.Equal(PushStatus.Stored, _store.Push(key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace).Status);
        return new WeakReference(key);
    }
}
