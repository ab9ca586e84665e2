using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Exposition.Fuzz.Targets;
using SharpFuzz.Common;

namespace Exposition.Fuzz;

/// <summary>
/// Copies of our libraries whose branches are counted, in a load context of their own: the default one would always
/// hand out the plain assemblies. The targets are loaded a second time beside them, so that they call the copies; what
/// crosses the border is a delegate over framework types. Not safe for concurrent use: there is one coverage map.
/// </summary>
internal sealed unsafe class InstrumentedHouse : AssemblyLoadContext, IDisposable
{
    /// <summary>Size of the map that the instrumentation assumes.</summary>
    public const int MapSize = 1 << 16;

    // Also what only stands between them: a plain assembly would be bound to the plain ones below it.
    private static readonly string[] s_instrumented = [
        "Exposition.Formats", "Exposition.Engine", "Exposition.Hosting", "Exposition.Persistence", "Exposition.Kestrel", "pushgateway",
        "Exposition.Fuzz.Canary"];

    private readonly string _directory = Directory.CreateTempSubdirectory("exposition-fuzz-").FullName;
    private readonly byte* _map = (byte*)NativeMemory.AllocZeroed(MapSize);

    public InstrumentedHouse()
        : base("instrumented")
    {
        foreach (var name in s_instrumented.Append(typeof(InstrumentedHouse).Assembly.GetName().Name!))
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, name + ".dll"), Path.Combine(_directory, name + ".dll"));
        }

        foreach (var name in s_instrumented)
        {
            SharpFuzz.Fuzzer.Instrument(Path.Combine(_directory, name + ".dll"), static _ => true, SharpFuzz.Options.Value);
        }

        Trace.SharedMem = _map;
    }

    /// <summary>How often each branch was taken since <see cref="Clear"/>, by the instrumentation's hash of the branch.</summary>
    public ReadOnlySpan<byte> Map => new(_map, MapSize);

    /// <summary>Forgets the last run.</summary>
    public void Clear()
    {
        new Span<byte>(_map, MapSize).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>A target that runs on the instrumented copies.</summary>
    public Action<byte[]> Open(string target)
    {
        var table = LoadFromAssemblyName(typeof(TargetTable).Assembly.GetName()).GetType(typeof(TargetTable).FullName!)!;
        return (Action<byte[]>)table.GetMethod(nameof(TargetTable.Open), BindingFlags.Static | BindingFlags.Public)!.Invoke(
            null, [target])!;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var path = Path.Combine(_directory, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
