using System.Runtime.InteropServices;

namespace Exposition.Formats.Tests;

// One large array on the pinned heap; two pages inside it are made inaccessible, and bodies are placed between them:
//
//   array data ... | guard page | usable pages | guard page | ... array data
//
// So what is guarded is ordinary managed memory with an array behind it, and FamilySet does not copy it, as it does with native memory:
// the readers run as they are. The collector never looks into an array of bytes. The pages are opened again before the array is let go.

/// <summary>Memory whose first and last byte stand at a page that kills the process when it is touched. Linux only.</summary>
internal sealed class GuardedMemory : IDisposable
{
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 3;

    // The array must not be collected while pages of it are closed, even if a test forgets to dispose.
    private static readonly HashSet<byte[]> s_alive = [];

    private readonly byte[] _array;
    private readonly int _start;
    private readonly int _length;

    /// <summary>
    /// Makes room for bodies of up to <paramref name="capacity"/> bytes. Skips the calling test where pages cannot be closed.
    /// </summary>
    public GuardedMemory(int capacity)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pages are closed with Linux's mprotect");
        int page = Environment.SystemPageSize;
        _length = (capacity + page - 1) / page * page;
        _array = GC.AllocateUninitializedArray<byte>(_length + (4 * page), pinned: true);
        nint data = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        _start = (int)(((data + page - 1) & -page) - data) + page;
        lock (s_alive)
        {
            s_alive.Add(_array);
        }

        Protect(ProtectNone);
    }

    /// <summary>Copies bytes so that they end where nothing can be read.</summary>
    public Memory<byte> AtEnd(ReadOnlySpan<byte> bytes) => Place(bytes, _start + _length - bytes.Length);

    /// <summary>Copies bytes so that they begin where nothing before can be read.</summary>
    public Memory<byte> AtStart(ReadOnlySpan<byte> bytes) => Place(bytes, _start);

    /// <summary>The first byte behind the end; reading it kills the process.</summary>
    public ref byte Beyond => ref _array[_start + _length];

    public void Dispose()
    {
        Protect(ProtectReadWrite);
        lock (s_alive)
        {
            s_alive.Remove(_array);
        }
    }

    private Memory<byte> Place(ReadOnlySpan<byte> bytes, int at)
    {
        Memory<byte> place = _array.AsMemory(at, bytes.Length);
        bytes.CopyTo(place.Span);
        return place;
    }

    private void Protect(int protection)
    {
        int page = Environment.SystemPageSize;
        nint data = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        foreach (int at in (int[])[_start - page, _start + _length])
        {
            Assert.True(Mprotect(data + at, (nuint)page, protection) == 0, $"mprotect: error {Marshal.GetLastPInvokeError()}");
        }
    }

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mprotect(nint address, nuint length, int protection);
}
