using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exposition.Persistence.Tests.Disk;

// A shim over SQLite's default VFS (https://sqlite.org/vfs.html), registered as the new default: files in a directory that a DiskLog
// watches are recorded and may fail; all others are the default's own. A file of ours is { methods, id, the file of the VFS below }. The
// methods are of version 1, without shared memory, so a write-ahead log works only with an exclusive lock, as ours does.

/// <summary>Lets tests watch and break what SQLite does to its files.</summary>
internal static unsafe class RecordingVfs
{
    private const int Ok = 0;

    private static readonly ConcurrentDictionary<string, DiskLog> s_logs = new();
    private static readonly ConcurrentDictionary<int, (DiskLog Log, string Name)> s_files = new();
    private static readonly Lock s_lock = new();
    private static Vfs* s_below;
    private static Methods* s_methods;
    private static int s_lastId;
    private static int s_statementJournals;

    /// <summary>How many journals of single statements SQLite has opened, in files without a name, in all directories.</summary>
    public static int StatementJournals => Volatile.Read(ref s_statementJournals);

    /// <summary>Watches a directory until the log is given to <see cref="Forget"/>.</summary>
    public static DiskLog Watch(string directory)
    {
        Register();
        return s_logs.GetOrAdd(directory, static d => new DiskLog(d));
    }

    public static void Forget(DiskLog log) => s_logs.TryRemove(log.Directory, out _);

    private static void Register()
    {
        lock (s_lock)
        {
            if (s_below is not null)
            {
                return;
            }

            using (var connection = new Microsoft.Data.Sqlite.SqliteConnection("Data Source=:memory:"))
            {
                connection.Open();
            }

            Vfs* below = Find(null);
            var methods = (Methods*)NativeMemory.AllocZeroed((nuint)sizeof(Methods));
            *methods = new Methods
            {
                Version = 1,
                Close = &Close,
                Read = &Read,
                Write = &Write,
                Truncate = &Truncate,
                Sync = &Sync,
                FileSize = &FileSize,
                Lock = &Lock,
                Unlock = &Unlock,
                CheckReservedLock = &CheckReservedLock,
                FileControl = &FileControl,
                SectorSize = &SectorSize,
                DeviceCharacteristics = &DeviceCharacteristics,
            };
            var shim = (Vfs*)NativeMemory.AllocZeroed((nuint)sizeof(Vfs));
            *shim = *below;
            shim->Version = Math.Min(2, below->Version);
            shim->FileBytes = sizeof(ShimFile) + below->FileBytes;
            shim->Next = null;
            shim->Name = (byte*)Marshal.StringToCoTaskMemUTF8("exposition-recording");
            shim->Open = &Open;
            shim->Delete = &Delete;
            s_methods = methods;
            s_below = below;
            Assert.Equal(Ok, RegisterVfs(shim, 1));
        }
    }

    private static ShimFile* Shim(void* file) => (ShimFile*)file;

    private static File* Below(void* file) => (File*)((byte*)file + sizeof(ShimFile));

    private static (DiskLog Log, string Name) Of(void* file) => s_files[Shim(file)->Id];

    private static (DiskLog? Log, string Name) Of(byte* path)
    {
        string? full = Marshal.PtrToStringUTF8((nint)path);
        return full is not null
            && s_logs.TryGetValue(Path.GetDirectoryName(full) ?? "", out DiskLog? log) ? (log, Path.GetFileName(full)) : (null, "");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Vfs* vfs, byte* name, void* file, int flags, int* outFlags)
    {
        const int SubJournal = 0x2000;
        if ((flags & SubJournal) != 0)
        {
            Interlocked.Increment(ref s_statementJournals);
        }

        (DiskLog? log, string shortName) = Of(name);
        if (log is null)
        {
            return s_below->Open(s_below, name, file, flags, outFlags);
        }

        const int ForReading = 1, ForWriting = 2, MayCreate = 4;
        Shim(file)->Methods = null;
        if (log.ReadOnly && (flags & ForWriting) != 0)
        {
            flags = (flags & ~(ForWriting | MayCreate)) | ForReading;
        }

        if (s_below->Open(s_below, name, Below(file), flags, outFlags) is var code and not Ok)
        {
            return code;
        }

        int id = Interlocked.Increment(ref s_lastId);
        s_files[id] = (log, shortName);
        Shim(file)->Id = id;
        Shim(file)->Methods = s_methods;
        return Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Vfs* vfs, byte* name, int syncDirectory)
    {
        (DiskLog? log, string file) = Of(name);
        var operation = new DiskOperation(DiskAction.Delete, file);
        int code = log?.Try(operation) is { } fault and not Ok ? fault : s_below->Delete(s_below, name, syncDirectory);
        if (code == Ok)
        {
            log?.Add(operation);
        }

        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(void* file)
    {
        s_files.TryRemove(Shim(file)->Id, out _);
        return Below(file)->Methods->Close(Below(file));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(void* file, byte* into, int count, long offset) => Below(file)->Methods->Read(Below(file), into, count, offset);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(void* file, byte* from, int count, long offset)
    {
        (DiskLog log, string name) = Of(file);
        var operation = new DiskOperation(DiskAction.Write, name, offset, new ReadOnlySpan<byte>(from, count).ToArray());
        if (log.Try(operation) is var fault and not Ok)
        {
            return fault;
        }

        int code = Below(file)->Methods->Write(Below(file), from, count, offset);
        log.Add(operation);
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(void* file, long length)
    {
        (DiskLog log, string name) = Of(file);
        var operation = new DiskOperation(DiskAction.Truncate, name, length);
        if (log.Try(operation) is var fault and not Ok)
        {
            return fault;
        }

        int code = Below(file)->Methods->Truncate(Below(file), length);
        log.Add(operation);
        return code;
    }

    // The power fails in the model only, so nothing waits for the real disk.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sync(void* file, int flags)
    {
        (DiskLog log, string name) = Of(file);
        var operation = new DiskOperation(DiskAction.Sync, name);
        int fault = log.Try(operation);
        if (fault == Ok && log.IgnoresSync(name))
        {
            return Ok;
        }

        log.Add(fault == Ok ? operation : operation with { Action = DiskAction.FailedSync });
        return fault;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileSize(void* file, long* size) => Below(file)->Methods->FileSize(Below(file), size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Lock(void* file, int level) => Below(file)->Methods->Lock(Below(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Unlock(void* file, int level) => Below(file)->Methods->Unlock(Below(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(void* file, int* held) => Below(file)->Methods->CheckReservedLock(Below(file), held);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FileControl(void* file, int what, void* argument) => Below(file)->Methods->FileControl(Below(file), what, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(void* file) => Below(file)->Methods->SectorSize(Below(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeviceCharacteristics(void* file) => Below(file)->Methods->DeviceCharacteristics(Below(file));

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern Vfs* Find(byte* name);

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int RegisterVfs(Vfs* vfs, int makeDefault);

    [StructLayout(LayoutKind.Sequential)]
    private struct ShimFile
    {
        public Methods* Methods;
        public int Id;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct File
    {
        public Methods* Methods;
    }

    // sqlite3_io_methods, version 1.
    [StructLayout(LayoutKind.Sequential)]
    private struct Methods
    {
        public int Version;
        public delegate* unmanaged[Cdecl]<void*, int> Close;
        public delegate* unmanaged[Cdecl]<void*, byte*, int, long, int> Read;
        public delegate* unmanaged[Cdecl]<void*, byte*, int, long, int> Write;
        public delegate* unmanaged[Cdecl]<void*, long, int> Truncate;
        public delegate* unmanaged[Cdecl]<void*, int, int> Sync;
        public delegate* unmanaged[Cdecl]<void*, long*, int> FileSize;
        public delegate* unmanaged[Cdecl]<void*, int, int> Lock;
        public delegate* unmanaged[Cdecl]<void*, int, int> Unlock;
        public delegate* unmanaged[Cdecl]<void*, int*, int> CheckReservedLock;
        public delegate* unmanaged[Cdecl]<void*, int, void*, int> FileControl;
        public delegate* unmanaged[Cdecl]<void*, int> SectorSize;
        public delegate* unmanaged[Cdecl]<void*, int> DeviceCharacteristics;
    }

    // sqlite3_vfs. The functions that are not ours do not look at their first argument.
    [StructLayout(LayoutKind.Sequential)]
    private struct Vfs
    {
        public int Version;
        public int FileBytes;
        public int MaxPath;
        public Vfs* Next;
        public byte* Name;
        public void* Data;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, void*, int, int*, int> Open;
        public delegate* unmanaged[Cdecl]<Vfs*, byte*, int, int> Delete;
        public void* Access;
        public void* FullPathname;
        public void* DlOpen;
        public void* DlError;
        public void* DlSym;
        public void* DlClose;
        public void* Randomness;
        public void* Sleep;
        public void* CurrentTime;
        public void* GetLastError;
        public void* CurrentTimeInt64;
        public void* SetSystemCall;
        public void* GetSystemCall;
        public void* NextSystemCall;
    }
}
