namespace Exposition.Kestrel.Routing;

/// <summary>An engine cannot be served where the host has mapped it.</summary>
internal sealed class MappingException(string message) : InvalidOperationException(message);
