namespace Exposition.Kestrel.SelfMetrics;

/// <summary>How near a limit is.</summary>
/// <param name="Name">As its flag is called.</param>
/// <param name="Most">What it is, in bytes, seconds or numbers; 0 for none.</param>
/// <param name="Usage">What is in use of a shared capacity, or the largest that came in the last ten minutes.</param>
/// <param name="Refused">How often it has refused or ended something.</param>
internal readonly record struct LimitUse(string Name, double Most, double Usage, long Refused);
