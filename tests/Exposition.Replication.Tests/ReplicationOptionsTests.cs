using Exposition.Engine;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests;

/// <summary>Options of a node that make no sense are refused before anything is reached.</summary>
public sealed class ReplicationOptionsTests
{
    [Fact]
    public void Each_option_that_is_wrong_is_named_with_its_type_and_what_was_expected()
    {
        var options = new ReplicationOptions
        {
            Timeout = TimeSpan.Zero,
            WhenUnreachable = (WhenUnreachable)7,
            MaxAppends = -1,
            MaxAppendBytes = -2,
            CompareEvery = TimeSpan.FromSeconds(-1),
            Address = new string('h', 256),
        };

        Assert.StartsWith(
            "ReplicationOptions.Timeout is 00:00:00: expected more than 0; "
            + "ReplicationOptions.WhenUnreachable is 7: expected Refuse or Accept; "
            + "ReplicationOptions.MaxAppends is -1: expected 0, for no limit, or more; "
            + "ReplicationOptions.MaxAppendBytes is -2: expected 0, for no limit, or more; "
            + "ReplicationOptions.CompareEvery is -00:00:01: expected 0, for never, or more; "
            + $"ReplicationOptions.Address is \"{options.Address}\": expected at most 255 bytes",
            Refusal(options), StringComparison.Ordinal);
        Assert.StartsWith(
            "ReplicationOptions.Address is null: expected a value", Refusal(new ReplicationOptions { Address = null! }),
            StringComparison.Ordinal);
    }

    private static string Refusal(ReplicationOptions options) => Assert.Throws<ArgumentException>(() => new Replicator(
        new MetricStore(new StoreOptions()), new MemoryLog(new MemoryEngine(TimeProvider.System), TimeProvider.System), options)).Message;
}
