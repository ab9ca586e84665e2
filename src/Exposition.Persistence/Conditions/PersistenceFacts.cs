using System.Globalization;
using Exposition.Hosting.Conditions;

namespace Exposition.Persistence.Conditions;

/// <summary>How the durable copy is doing, for the status page; nothing where nothing is kept.</summary>
internal sealed class PersistenceFacts(SqlitePersistence persistence) : IStatusSource
{
    public string Title => "Persistence";

    public IEnumerable<StatusFact> Read()
    {
        if (persistence.Room is not { } room)
        {
            yield return new("file", "none: what is pushed is kept in memory only");
            yield break;
        }

        (long file, long free) = room.Now;
        DurableStatus status = persistence.Status;
        yield return new("file", persistence.FileName);
        yield return new("size", Bytes: file);
        yield return free >= 0 ? new("free beside it", Bytes: free) : new("free beside it", "not known");
        yield return new("oldest change not written", Lasts: status.Lag);
        yield return new("groups that wait", persistence.Waiting.ToString(CultureInfo.InvariantCulture));
        yield return status.LastSuccess is { } at ? new("last good", At: at) : new("last good", "never");
        yield return new("failures", status.Failures.ToString(CultureInfo.InvariantCulture));
    }
}
