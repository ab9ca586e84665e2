using System.Runtime.InteropServices;
using Exposition.Gateway.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Machine;

/// <summary>Keeps the signals that mean nothing to the program from ending it, as most of them would.</summary>
internal sealed class OtherSignals : IDisposable
{
    // By their numbers, where the framework has no name: USR1, USR2, ALRM, STKFLT, XCPU, XFSZ, VTALRM, PROF, IO, PWR, SYS of Linux. The
    // real-time signals begin with those that the C library and the runtime use themselves. What a processor says of a program (ABRT, BUS,
    // FPE, ILL, SEGV, TRAP) is the runtime's.
    private static readonly int[] s_linux = [10, 12, 14, 16, 24, 25, 26, 27, 29, 30, 31, .. Enumerable.Range(35, 30)];

    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <summary>Starts to ignore them.</summary>
    public OtherSignals(ILogger logger)
    {
        IEnumerable<PosixSignal> numbered = OperatingSystem.IsLinux() ? s_linux.Select(static number => (PosixSignal)number) : [];
        foreach (PosixSignal signal in numbered.Prepend(PosixSignal.SIGQUIT))
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                logger.SignalIgnored(context.Signal.ToString());
            }));
        }
    }

    public void Dispose() => _registrations.ForEach(static registration => registration.Dispose());
}
