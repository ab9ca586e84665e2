using System.Reflection;
using Exposition.Engine.Content;
using Exposition.Engine.Groups;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Tests.Sharing;

/// <summary>How a group stands in a log: what it costs who has none, and how it is kept.</summary>
public sealed class LogPlaceTests
{
    private static readonly GroupingKey s_key = GroupingKey.Create(("job", "a"));

    [Fact]
    public void A_group_of_a_store_without_a_log_has_a_reference_to_nothing_more()
    {
        Type[] parts = [typeof(GroupSlot), typeof(GroupSnapshot), typeof(FamilyEntry), typeof(FamilyHead), typeof(GroupingKey)];
        FieldInfo[] fields = [.. parts
            .SelectMany(static part => part.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(static field => field.FieldType == typeof(LogPlace)
                || field.FieldType.Namespace == "Exposition.Engine.Sharing"
                || field.Name.Contains("revision", StringComparison.OrdinalIgnoreCase))];
        FieldInfo field = Assert.Single(fields);
        Assert.False(field.FieldType.IsValueType);

        var store = new MetricStore(new StoreOptions());
        store.Push(s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
        Assert.Null(store.Shared.PlaceOf(s_key));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(77, true)]
    public void A_content_says_it_but_for_the_revision(long replacedAt, bool isAlone)
    {
        var place = new LogPlace(5, replacedAt, isAlone);
        var content = new GroupToWrite([], null, null, new KeptMemory { Place = place });
        byte[] bytes = new byte[GroupContent.MaxSize(content)];

        Assert.True(GroupContent.TryRead(bytes[..GroupContent.Write(content, bytes)], out GroupState state));
        Assert.Equal(place with { Revision = 0 }, state.Place);
    }

    [Fact]
    public void A_group_that_is_pushed_to_without_a_log_is_not_what_a_log_had_any_more()
    {
        var store = new MetricStore(new StoreOptions());
        store.Push(s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
        Assert.True(store.Shared.TryCopy(s_key, out GroupState state, out _));
        var other = new MetricStore(new StoreOptions());
        other.RestoreOwn(s_key, state.Families, null, null, new KeptMemory { Place = new LogPlace(0) });
        Assert.NotNull(other.Shared.PlaceOf(s_key));

        other.Push(s_key, PushFormat.Text, "x 2\n"u8.ToArray(), PushMode.Merge).ThrowIfRefused();
        Assert.Null(other.Shared.PlaceOf(s_key));
    }
}
