using System.Reflection;

namespace Exposition.Engine.Tests;

/// <summary>The store uses memory of what was replaced again, so nothing public may refer to it.</summary>
public sealed class PublicSurfaceTests
{
    // Of these the memory is their own, and never changes.
    private static readonly Type[] s_ownMemory = [typeof(GroupingKey), typeof(GroupingLabel)];

    [Fact]
    public void Nothing_public_refers_to_memory_that_is_used_again()
    {
        IEnumerable<string> borrowed =
            from type in typeof(MetricStore).Assembly.GetExportedTypes()
            where !s_ownMemory.Contains(type)
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
            let given = member is MethodInfo method ? method.ReturnType : member is FieldInfo field ? field.FieldType : null
            where given is { IsGenericType: true }
                && given.GetGenericTypeDefinition() is { } open
                && (open == typeof(ReadOnlySpan<>) || open == typeof(Span<>) || open == typeof(ReadOnlyMemory<>)
                    || open == typeof(Memory<>))
            select $"{type.Name}.{member.Name}";

        Assert.Empty(borrowed);
    }
}
