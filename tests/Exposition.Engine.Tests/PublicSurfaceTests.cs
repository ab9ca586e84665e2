using System.Reflection;

namespace Exposition.Engine.Tests;

/// <summary>
/// The store uses memory of what was replaced again, so nothing public may refer to it that can outlive the callback in which it is shown.
/// </summary>
public sealed class PublicSurfaceTests
{
    // Of these the memory is their own, and never changes.
    private static readonly Type[] s_ownMemory = [typeof(GroupingKey), typeof(GroupingLabel), typeof(PushDetails)];

    // These show the store's memory, and only in a callback.
    private static readonly Type[] s_views = [typeof(GroupView), typeof(FamilyView), typeof(FamilyEnumerator)];

    [Fact]
    public void Views_cannot_leave_the_callback_that_they_are_given_to()
    {
        Assert.All(s_views, static view => Assert.True(view.IsByRefLike));
        IEnumerable<string> given =
            from type in typeof(MetricStore).Assembly.GetExportedTypes()
            where !s_views.Contains(type)
            from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
            where s_views.Contains(method.ReturnType)
                || method.GetParameters().Any(static parameter => parameter.ParameterType is { IsByRef: true } other
                    && s_views.Contains(other.GetElementType()))
            select $"{type.Name}.{method.Name}";

        Assert.Empty(given);

        // A state that is a ref struct could take a span along.
        Assert.DoesNotContain(
            typeof(GroupAction<>).GetGenericArguments(),
            static state => (state.GenericParameterAttributes & GenericParameterAttributes.AllowByRefLike) != 0);
    }

    [Fact]
    public void Nothing_public_refers_to_memory_that_is_used_again()
    {
        IEnumerable<string> borrowed =
            from type in typeof(MetricStore).Assembly.GetExportedTypes()
            where !s_ownMemory.Contains(type) && !s_views.Contains(type)
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
