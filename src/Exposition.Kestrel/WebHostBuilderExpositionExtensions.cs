using Exposition.Kestrel.Raw;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>What the engine may change of a host's server, where the host asks for it.</summary>
/// <example>
/// <code>
/// builder.WebHost.UseKestrel().UseExpositionReceiveBlocks();
/// </code>
/// </example>
public static class WebHostBuilderExpositionExtensions
{
    /// <summary>
    /// Lets Kestrel receive into blocks of 128 KiB instead of its own of 4 KiB, for bodies of megabytes at a fraction of the calls. This
    /// replaces the host's <c>IMemoryPoolFactory&lt;byte&gt;</c>, for all its endpoints; a connection that is receiving or sending holds
    /// one block each way, an idle one none, and one whose body must wait two, as Kestrel is also told to stop receiving at 128 KiB that
    /// were not read instead of at 1 MiB. To be called after Kestrel was added to the host.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <returns>The same host.</returns>
    public static IWebHostBuilder UseExpositionReceiveBlocks(this IWebHostBuilder host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.ConfigureServices(static services =>
        {
            services.Replace(ServiceDescriptor.Singleton<IMemoryPoolFactory<byte>, LargeBlockPoolFactory>());

            // What Kestrel has received and nobody has looked at is held in addition to all that is counted, by each connection whose body
            // waits for room. Kestrel would let it be a megabyte.
            services.Configure<SocketTransportOptions>(static sockets => sockets.MaxReadBufferSize = LargeBlockPool.BlockBytes);
        });
    }
}
