using Exposition.Engine.Counting;

namespace Exposition.Engine;

/// <content>How much there is: kept as pushes are stored, nothing is gone through for it. Safe from any thread.</content>
public sealed partial class MetricStore
{
    /// <summary>Number of groups.</summary>
    public int GroupCount => State.Maps.Newest.Count;

    /// <summary>Number of sample lines over all groups, the store's own two per group included.</summary>
    public long SampleCount => Volatile.Read(ref State.Counts.Samples);

    /// <summary>
    /// What all groups take, in bytes: samples with room for any value, names, help texts, keys and tables.
    /// <see cref="StoreOptions.MaxStoredBytes"/> and <see cref="StoreOptions.MaxGroupBytes"/> are in the same measure.
    /// </summary>
    public long StoredBytes => Volatile.Read(ref State.Counts.StoredBytes);

    /// <summary>Number of families that are stored but not exposed.</summary>
    public long HiddenFamilies => State.Hidden.Count;

    /// <summary>Number of groups that have expired and are still shown as such.</summary>
    public long ExpiredGroups => Volatile.Read(ref State.Counts.Expired);

    /// <summary>Number of groups whose last push was refused, for whatever reason.</summary>
    public long FailedGroups => Volatile.Read(ref State.Counts.Failed);

    /// <summary>
    /// Number of groups whose last push is longer ago than <see cref="StoreOptions.PushExpectations"/> say. Only those are looked at that
    /// may have become so since it was asked for last.
    /// </summary>
    public long OverdueGroups => Reads.CountOverdue();

    /// <summary>Number of different values of <c>job</c> over all groups.</summary>
    public long JobCount => State.Counts.Jobs.Count;

    /// <summary>Number of families that are exposed, the same name in several groups counted once, the store's own included.</summary>
    public long FamilyCount => State.Directory.Exposed;

    /// <summary>Series of all pushes that were stored so far, those of equal ones counted each time.</summary>
    public long PushedSamples => Volatile.Read(ref State.Counts.Pushed);

    /// <summary>How often a group has expired so far.</summary>
    public long Expiries => Volatile.Read(ref State.Counts.Expiries);

    /// <summary>Ids of pushes that were forgotten before their time (<see cref="StoreOptions.MaxPushIds"/>).</summary>
    public long ForgottenIds => Volatile.Read(ref State.Counts.ForgottenIds);

    /// <summary>Pushes that had been stored before under their id, so that they changed nothing.</summary>
    public long RepeatedIds => Volatile.Read(ref State.Counts.RepeatedIds);

    /// <summary>Running totals, each of a metric, that came late, so that they changed nothing.</summary>
    internal long LateTotals => Volatile.Read(ref State.Counts.LateTotals);

    /// <summary>How often an expiry, or the sweep, has failed; it is tried again.</summary>
    internal long ExpiryFailures => _sweep.Failures;

    /// <summary>Memory held by the shapes of last pushes, in bytes.</summary>
    public long ShapeBytes => State.Shapes?.Bytes ?? 0;

    /// <summary>Pushes that were patched in because their series equalled those of their group's last push.</summary>
    public long RepeatedPushes => _repeats.Count;

    /// <summary>
    /// Memory held by scrapes that are open, in bytes: of snapshots that were replaced and may still be shown, and their own tables.
    /// </summary>
    public long HeldBytes => State.Held.Now;

    /// <summary>Memory for compressed parts of scrapes, in bytes.</summary>
    public long BundleBytes => Bundles.Bytes;

    /// <summary>How often a part of a compressed scrape was found ready, and how often it had to be compressed.</summary>
    public (long Found, long Compressed) BundleLookups => Bundles.Lookups;

    /// <summary>Memory of replaced blocks and tables of families that waits to be used again, in bytes.</summary>
    public long SpareBytes => SpareBlockBytes + State.Blocks.Snapshots.Bytes;

    internal long SpareBlockBytes => State.Blocks.Pool.Bytes;

    /// <summary>
    /// Bytes of blocks of 85,000 and more that were allocated so far, because no spare one fitted. The garbage collector lets such memory
    /// grow far beyond what is live before it looks at it, so a host may want to ask for a collection when this has grown by a share of the
    /// heap.
    /// </summary>
    public long LargeBlockBytes => State.Blocks.Pool.LargeBytes;

    /// <summary>How near pushes come to their limits.</summary>
    internal PushPeaks Peaks => State.Peaks;

    /// <summary>Under how many sets of grouping label names a family is at most.</summary>
    internal long MostNameSets => State.Directory.MostNameSets.Most;

    /// <summary>How often there was no room for the shape of a push.</summary>
    internal long ShapesRefused => State.Shapes?.Refused ?? 0;
}
