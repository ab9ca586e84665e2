using Exposition.Replication.Tests.Contract;

namespace Exposition.Replication.Tests.Nats;

/// <summary>The log of NATS JetStream keeps the contract, with a real server.</summary>
public sealed class NatsGroupLogContractTests : GroupLogContract
{
    protected override async Task<ILogEngine> StartAsync() => await NatsEngine.StartAsync();
}
