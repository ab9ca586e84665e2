using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;
using Exposition.Engine.Explore;
using Exposition.Engine.Publishing;

namespace Exposition.Engine.Tests;

/// <summary>Marks of steps, and planted faults, are in the explorer's build of the sources alone.</summary>
public sealed class ShippedBuildTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Fact]
    public void No_test_can_take_hold_of_the_store()
    {
        Assert.DoesNotContain(typeof(Explored).GetFields(All), static field => !field.IsLiteral);
        int[] marks = [.. new[] { nameof(Explored.Step), nameof(Explored.WaitFor), nameof(Explored.Fault) }
            .Select(static name => typeof(Explored).GetMethod(name)!.MetadataToken)];
        MethodBase[] methods = [.. typeof(MetricStore).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)))];
        Assert.True(methods.Length > 1000);
        Assert.DoesNotContain(methods, method => Calls(method, marks));
        int other = typeof(Views).GetMethod(nameof(Views.Open), All)!.MetadataToken;
        Assert.Contains(methods, method => Calls(method, [other]));
    }

    private static bool Calls(MethodBase method, int[] tokens)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at + 5 <= code.Length; at++)
        {
            if (code[at] == (byte)OpCodes.Call.Value && tokens.Contains(BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at + 1))))
            {
                return true;
            }
        }

        return false;
    }
}
