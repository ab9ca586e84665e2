using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Exposition.Instructions;

// One case, so many times, on one thread: what is done once more costs what a run has more instructions than a shorter one.
// bench/instructions counts them.

if (args is ["cases"])
{
    // Which instructions there are decides which code runs, so counts are only compared with counts of the same kind.
    string vectors = Avx512F.IsSupported ? "-avx512" : Avx2.IsSupported ? "-avx2" : "";
    Console.WriteLine(RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant() + vectors);
    foreach (string name in HotPaths.All.Keys)
    {
        Console.WriteLine(name);
    }

    return 0;
}

if (args.Length != 2 || (!HotPaths.All.TryGetValue(args[0], out Func<Action>? make) && !HotPaths.Named.TryGetValue(args[0], out make))
    || !int.TryParse(args[1], CultureInfo.InvariantCulture, out int times) || times < 1)
{
    Console.Error.WriteLine("usage: Exposition.Instructions cases | CASE TIMES");
    return 2;
}

Action once = make();
for (int i = 0; i < times; i++)
{
    once();
}

return 0;
