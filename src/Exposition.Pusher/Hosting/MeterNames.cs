namespace Exposition.Pusher.Hosting;

/// <summary>The meters that the host has asked for while its services were put together.</summary>
internal sealed class MeterNames
{
    public List<string> Names { get; } = [];
}
