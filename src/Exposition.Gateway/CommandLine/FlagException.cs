namespace Exposition.Gateway.CommandLine;

/// <summary>The command line is wrong. The message is what stands between "error: " and ", try --help".</summary>
internal sealed class FlagException(string message) : Exception(message);
