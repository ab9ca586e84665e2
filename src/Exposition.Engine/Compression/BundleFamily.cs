using System.Runtime.CompilerServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Scraping;
using Exposition.Formats;

namespace Exposition.Engine.Compression;

/// <summary>Where a run is found: its stretch, and its index in that.</summary>
internal readonly record struct RunPlace(int Stretch, int Run);

/// <summary>
/// A family of a compressed scrape: the runs of all stretches that have it, in order of the groups, the host's own entry first. Used again
/// by later scrapes.
/// </summary>
internal sealed class BundleFamily : IScrapedFamily
{
    /// <summary>No entry of the host.</summary>
    public const int NoOwn = -1;

    private const int ManyRuns = 256;

    private RunPlace[] _runs = [];
    private int _count;

    /// <summary>That of the first entry.</summary>
    public FamilyHead Head { get; private set; } = null!;

    public MetricType Type { get; private set; }

    /// <summary>That of the first entry with a help text, if one has.</summary>
    public FamilyHead Helpful { get; private set; } = null!;

    /// <summary>Index of the host's own entry.</summary>
    public int Own { get; private set; }

    /// <summary>Bytes of all lines.</summary>
    public long Bytes { get; private set; }

    public ReadOnlySpan<RunPlace> Runs => _runs.AsSpan(0, _count);

    /// <summary>Memory of its table, in bytes.</summary>
    public long TableBytes => _runs.Length * (long)Unsafe.SizeOf<RunPlace>();

    /// <summary>The family that came behind this one in the stretch looked at last: a guess for the next.</summary>
    public BundleFamily? Successor { get; set; }

    public void Begin(FamilyHead head, int own, long ownBytes) =>
        (Head, Type, Helpful, Own, Bytes, _count) = (head, head.Type, head, own, ownBytes, 0);

    /// <summary>Takes a run in, unless its values are of another kind than those of the host, or of the groups before it.</summary>
    public void Add(in FamilyRun run, RunPlace place)
    {
        if (!ReferenceEquals(run.Head, Head) && run.Head.Type != Type && FamilyHead.KindOf(run.Head.Type) != FamilyHead.KindOf(Type))
        {
            return;
        }

        if (!Helpful.HasHelp && run.Helpful.HasHelp)
        {
            Helpful = run.Helpful;
        }

        if (_count == _runs.Length)
        {
            Array.Resize(ref _runs, Math.Max(4, _count * 2));
        }

        _runs[_count++] = place;
        Bytes += run.Bytes;
    }

    /// <summary>Keeps nothing alive.</summary>
    public void Reset()
    {
        if (_runs.Length > ManyRuns && _count < _runs.Length / 4)
        {
            _runs = [];
        }

        (Head, Helpful, Successor, _count) = (null!, null!, null, 0);
    }
}
