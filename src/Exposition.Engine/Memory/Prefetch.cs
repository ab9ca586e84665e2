using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Memory;

// A scrape of many small groups does little but wait for memory. Each of these asks for memory that is needed soon; it reads nothing, so
// nothing can go wrong where an object is moved meanwhile. Where the processor has no such instruction known here, it does nothing.

/// <summary>Brings memory into the cache ahead of its use.</summary>
internal static unsafe class Prefetch
{
    private const int Line = 64;
    private const int SnapshotLines = 4;
    private const int SlotLines = 3;

    /// <summary>The start of an object.</summary>
    public static void Object(object target) => At(ref Unsafe.As<Fields>(target).First);

    /// <summary>The fields of a snapshot: of which there are some more than a line has room for.</summary>
    public static void Snapshot(GroupSnapshot snapshot) => Lines(ref Unsafe.As<Fields>(snapshot).First, SnapshotLines);

    /// <summary>The fields of a slot.</summary>
    public static void Slot(GroupSlot slot) => Lines(ref Unsafe.As<Fields>(slot).First, SlotLines);

    /// <summary>Some bytes of an array, the array itself left alone.</summary>
    public static void Bytes(byte[] array, int start) => At(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), start));

    /// <summary>What a span covers, or the start of it.</summary>
    public static void Span<T>(ReadOnlySpan<T> span, int mostLines)
    {
        if (Sse.IsSupported)
        {
            ref byte first = ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(span));
            int end = Math.Min(span.Length * Unsafe.SizeOf<T>(), mostLines * Line);
            for (int at = 0; at < end; at += Line)
            {
                At(ref Unsafe.Add(ref first, at));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Lines(ref byte first, int count)
    {
        for (int line = 0; line < count; line++)
        {
            At(ref Unsafe.Add(ref first, line * Line));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void At(ref byte address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref address));
        }
    }

    private sealed class Fields
    {
        public byte First;
    }
}
