using System.Text;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Finding;

// The groups of a job need not be neighbours, so sums are kept for each of the first jobs by name, as many as are asked for. A job that
// comes behind the last of these is dropped, and is never needed again, as the last name only moves to the front. So each job that is left
// at the end has been counted from its first group on.

/// <summary>Sums up the groups of each job, of the first jobs in order of their names.</summary>
internal sealed class JobSearch(GroupQuery query, string? after, int limit) : IGroupVisitor
{
    private readonly byte[]? _after = after is null ? null : Encoding.UTF8.GetBytes(after);
    private readonly Dictionary<byte[], FoundJob> _jobs = new(Utf8Key.Comparer);
    private readonly SortedSet<byte[]> _names = new(Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b)));

    /// <summary>Whether there are jobs behind those.</summary>
    public bool HasMore { get; private set; }

    public bool ReadsKeys => true;

    public bool Wants(GroupSlot slot) =>
        query.Chooses(slot.Key) && (_after is null || slot.Key.Job.SequenceCompareTo(_after) > 0);

    public void Visit(GroupSlot slot, GroupSnapshot group)
    {
        if (JobOf(slot.Key.Job) is not { } job)
        {
            return;
        }

        double pushed = group.PushTime.GetValueOrDefault();
        job.Groups++;
        job.Failed += slot.IsFailing ? 1 : 0;
        job.Series += group.SampleCount;
        job.Bytes += group.Size;
        if (pushed > 0)
        {
            job.NewestPush = Math.Max(job.NewestPush, pushed);
            job.OldestPush = job.OldestPush > 0 ? Math.Min(job.OldestPush, pushed) : pushed;
        }
    }

    /// <summary>The jobs in order of their names.</summary>
    public List<FoundJob> Found() => [.. _names.Select(name => _jobs[name])];

    private FoundJob? JobOf(ReadOnlySpan<byte> name)
    {
        Dictionary<byte[], FoundJob>.AlternateLookup<ReadOnlySpan<byte>> jobs = _jobs.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (jobs.TryGetValue(name, out FoundJob? known))
        {
            return known;
        }

        if (_names.Count == limit)
        {
            HasMore = true;
            if (limit == 0 || name.SequenceCompareTo(_names.Max) > 0)
            {
                return null;
            }

            _jobs.Remove(_names.Max!);
            _names.Remove(_names.Max!);
        }

        byte[] kept = name.ToArray();
        var job = new FoundJob(Encoding.UTF8.GetString(kept));
        _names.Add(kept);
        _jobs.Add(kept, job);
        return job;
    }
}
