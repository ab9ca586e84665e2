using Exposition.Hosting;

namespace Exposition.Gateway.Hosting;

/// <summary>Says why no snapshot can be written where nothing is kept.</summary>
internal sealed class NoSnapshots : ISnapshotWriter
{
    public string Unavailable => "snapshots are written beside the persistence file, and --persistence.file is not given";

    public Task<WrittenSnapshot?> WriteSnapshotAsync() => Task.FromResult<WrittenSnapshot?>(null);
}
