using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Exposition.Fuzz.Targets;

namespace Exposition.Fuzz;

/// <summary>
/// The loop: mutate an input that is known to reach something new, run it, keep it when it reached something newer
/// still, and stop at the first input that a target complains about. One thread; equal seeds make equal runs as far as
/// the time allows. Run several with different seeds to use more cores.
/// </summary>
internal sealed class Driver(InstrumentedHouse house, FuzzOptions options, TextWriter log)
{
    /// <summary>A run longer than this is a finding: small inputs take microseconds.</summary>
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(2);

    private readonly byte[] _seen = new byte[InstrumentedHouse.MapSize];
    private readonly List<byte[]> _corpus = [];
    private long _runs;

    /// <summary>Runs until the time is over (0) or an input is found that the target complains about (1).</summary>
    public int Run()
    {
        var run = house.Open(options.Target);
        var mutator = new Mutator(new Random(options.Seed), TargetTable.Dictionary(options.Target));
        foreach (var seed in Seeds())
        {
            if (!Try(run, seed))
            {
                return 1;
            }
        }

        var watch = Stopwatch.StartNew();
        var report = TimeSpan.FromSeconds(5);
        while (watch.Elapsed.TotalSeconds < options.Seconds)
        {
            if (!Try(run, mutator.Mutate(_corpus)))
            {
                return 1;
            }

            if (watch.Elapsed > report)
            {
                report += TimeSpan.FromSeconds(5);
                Report(watch.Elapsed);
            }
        }

        Report(watch.Elapsed);
        return 0;
    }

    /// <summary>Copies the inputs of the corpus that take a branch which no shorter one took.</summary>
    public int Distil(string directory)
    {
        var run = house.Open(options.Target);
        Directory.CreateDirectory(directory);
        foreach (var input in Seeds().OrderBy(input => input.Length).ToList())
        {
            house.Clear();
            run(input);
            _runs++;
            if (IsNew(branchesOnly: true))
            {
                _corpus.Add(input);
                File.WriteAllBytes(Path.Combine(directory, Name(input)), input);
            }
        }

        log.WriteLine($"{options.Target}: {_corpus.Count} of {_runs} inputs reach all {_seen.Count(seen => seen != 0)} branches");
        return 0;
    }

    /// <summary>The target's own seeds, the corpus that belongs to the project (copied beside the program), and the one given.</summary>
    private IEnumerable<byte[]> Seeds()
    {
        var own = Path.Combine(AppContext.BaseDirectory, "corpora", options.Target);
        return TargetTable.Seeds(options.Target).Concat(Inputs(own)).Concat(Inputs(options.Corpus));
    }

    private static IEnumerable<byte[]> Inputs(string? directory) => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)
        : [];

    private bool Try(Action<byte[]> run, byte[] input)
    {
        house.Clear();
        var started = Stopwatch.GetTimestamp();
        try
        {
            run(input);
        }
        catch (Exception complaint)
        {
            return Found(input, complaint.ToString());
        }

        _runs++;
        // The first run also starts what it runs on.
        if (_runs > 1 && Stopwatch.GetElapsedTime(started) > s_slow)
        {
            return Found(input, $"took {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        }

        if (IsNew() || _corpus.Count == 0)
        {
            _corpus.Add(input);
            Keep(input);
        }

        return true;
    }

    /// <summary>Whether the last run took a branch never taken, or one in a new order of magnitude; and remembers it.</summary>
    private bool IsNew(bool branchesOnly = false)
    {
        var map = house.Map;
        var isNew = false;
        for (var at = map.IndexOfAnyExcept((byte)0); at >= 0;)
        {
            // One bit for each power of two that a branch was counted to.
            var bit = (byte)(1 << int.Log2(map[at]));
            isNew |= branchesOnly ? _seen[at] == 0 : (_seen[at] & bit) == 0;
            _seen[at] |= bit;
            var next = map[(at + 1)..].IndexOfAnyExcept((byte)0);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return isNew;
    }

    private void Keep(byte[] input)
    {
        if (options.Corpus is { } directory)
        {
            Directory.CreateDirectory(directory);
            File.WriteAllBytes(Path.Combine(directory, Name(input)), input);
        }
    }

    private bool Found(byte[] input, string complaint)
    {
        log.WriteLine($"{options.Target}: finding after {_runs} runs, seed {options.Seed}");
        if (options.Target != TargetTable.Canary)
        {
            var path = Path.GetFullPath($"finding-{options.Target}-{Name(input)}");
            File.WriteAllBytes(path, input);
            log.WriteLine("kept in " + path);
        }

        log.WriteLine(complaint);
        return false;
    }

    private void Report(TimeSpan elapsed) => log.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{options.Target}: {elapsed.TotalSeconds:0} s, {_runs} runs ({_runs / elapsed.TotalSeconds:0}/s), {_corpus.Count} inputs kept, "
            + $"{_seen.Count(seen => seen != 0)} branches"));

    private static string Name(byte[] input) => Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 8));
}
