using System.Runtime.InteropServices;

[assembly: AssemblyFixture(typeof(Exposition.Harness.OneModuleAtATime))]

namespace Exposition.Harness;

/// <summary>
/// <c>dotnet test</c> starts as many test modules as there are cores, and can be told otherwise only by its command line. Many tests start
/// programs and measure what they do, so the modules of one checkout wait here for each other. A module ends with the <c>dotnet test</c>,
/// or the module, that has started it: one that is killed tells nobody.
/// </summary>
public sealed class OneModuleAtATime : IAsyncLifetime
{
    // Said to the processes that a test starts: the tests of this assembly once more, say.
    private const string TurnVariable = "EXPOSITION_MODULE_HAS_ITS_TURN";

    private FileStream? _turn;

    /// <summary>Waits until no other module runs.</summary>
    public async ValueTask InitializeAsync()
    {
        bool isInner = Environment.GetEnvironmentVariable(TurnVariable) is not null;
        if (OperatingSystem.IsLinux() && (isInner || Environment.GetCommandLineArgs().Contains("dotnettestcli")))
        {
            new Thread(EndWithParent) { IsBackground = true }.Start();
        }

        if (!isInner)
        {
            string file = Path.Combine(Checkout.Root, "artifacts", "tests.lock");
            while (!TryTake(file))
            {
                await Task.Delay(200);
            }

            Environment.SetEnvironmentVariable(TurnVariable, "1");
        }
    }

    /// <summary>It is the next one's turn.</summary>
    public ValueTask DisposeAsync() => _turn?.DisposeAsync() ?? default;

    // The kernel gives it back however this process ends.
    private bool TryTake(string file)
    {
        try
        {
            _turn = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void EndWithParent()
    {
        int parent = ParentId();
        while (ParentId() == parent)
        {
            Thread.Sleep(500);
        }

        // As a stop by the user: what tests have started is ended, too.
        Environment.Exit(1);
    }

    [DllImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ParentId();
}
