namespace Exposition.Load.Clients;

/// <summary>One way to do something to a body within this process.</summary>
/// <param name="System">Whose.</param>
/// <param name="Checked">What it checks, and what else it does.</param>
/// <param name="Run">Does it once, and returns how many series that were.</param>
internal sealed record Peer(string System, string Checked, Func<long> Run);
