using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests.Simulated;

/// <summary>What may happen in a simulation.</summary>
[Flags]
internal enum Mishaps
{
    None = 0,

    /// <summary>Answers of the log get lost, and messages come twice.</summary>
    Losses = 1,

    /// <summary>Nodes lose the log, or all of them do.</summary>
    Cuts = 2,

    /// <summary>Nodes end, and come back empty.</summary>
    Restarts = 4,

    /// <summary>The engine loses what it had, or its tail.</summary>
    Amnesia = 8,

    /// <summary>The clocks of nodes are some seconds apart.</summary>
    Skew = 16,

    /// <summary>Pushes are taken while the log is away.</summary>
    Alone = 32,

    /// <summary>Pushes contradict one another, and nothing is checked.</summary>
    Clashes = 64,
}

/// <summary>
/// Some nodes, one log, pushes at random and mishaps; then peace. What must be so then, and what was wrong on the way, is said in words.
/// </summary>
internal sealed class Simulation
{
    private const int Steps = 60;

    private readonly Random _random;
    private readonly Mishaps _mishaps;
    private readonly MemoryEngine _engine;
    private readonly List<Node> _nodes = [];
    private readonly List<string> _wrong = [];
    private readonly PushLedger _ledger;
    private int _wipes;
    private readonly Dictionary<(Node Node, string Key), double> _times = [];

    public Simulation(int seed, Mishaps mishaps, int nodes)
    {
        (_random, _mishaps) = (new Random(seed), mishaps);
        _engine = new MemoryEngine(Time);
        _ledger = new PushLedger(Time);
        for (int i = 0; i < nodes; i++)
        {
            _nodes.Add(Create());
        }
    }

    public SimulatedTime Time { get; } = new();

    public MemoryEngine Engine => _engine;

    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>Whether nodes settle nothing: a fault.</summary>
    public bool SettlesNothing { get; init; }

    /// <summary>Called with every node that is made.</summary>
    public Action<Node>? Breaks { get; init; }

    /// <summary>How many pushes were acknowledged.</summary>
    public int Acknowledged => _ledger.Acknowledged;

    /// <summary>Runs it.</summary>
    /// <returns>What was wrong; empty if all was well.</returns>
    public string Run()
    {
        if (SettlesNothing || Breaks is not null)
        {
            // The first were made before that was known.
            for (int i = 0; i < _nodes.Count; i++)
            {
                _nodes[i] = Create();
            }
        }

        _nodes.ForEach(static node => node.Start());
        Time.RunUntil(() => _nodes.TrueForAll(static node => node.IsQuiet), TimeSpan.FromSeconds(60));
        for (int step = 0; step < Steps; step++)
        {
            Act();
            Time.RunUntil(static () => false, TimeSpan.FromMilliseconds(_random.Next(_random.Next(4) == 0 ? 3000 : 60)));
            Watch();
        }

        EndMishaps();
        bool isQuiet = Time.RunUntil(
            () => _nodes.TrueForAll(static node => node.IsQuiet) && _ledger.IsDone, TimeSpan.FromMinutes(3));

        // What was compared, settled and put back is, by then.
        Time.RunUntil(static () => false, TimeSpan.FromMinutes(3));
        if (!isQuiet || !_nodes.TrueForAll(static node => node.IsQuiet))
        {
            _wrong.Add("no peace: " + string.Join(
                " | ", _nodes.Select(static node => $"{node.Replicator.Status} {node.Notices.LastOrDefault()}")));
        }

        Compare();
        return string.Join('\n', _wrong);
    }

    private Node Create()
    {
        bool isWrong = (_mishaps & Mishaps.Skew) != 0;
        var node = new Node(Time, _engine, new NodeSettings(new Random(_random.Next()))
        {
            LosesOneOf = (_mishaps & Mishaps.Losses) != 0 ? 6 : 0,
            IsChecked = (_mishaps & Mishaps.Clashes) == 0,
            WrongBy = isWrong ? TimeSpan.FromSeconds(_random.Next(-5, 6)) : TimeSpan.Zero,
            WhenUnreachable = (_mishaps & Mishaps.Alone) != 0 ? WhenUnreachable.Accept : WhenUnreachable.Refuse,
            SettlesNothing = SettlesNothing,
        });
        Breaks?.Invoke(node);
        return node;
    }

    private void Act()
    {
        Node node = _nodes[_random.Next(_nodes.Count)];
        switch (_random.Next(20))
        {
            case 0 when Has(Mishaps.Cuts):
                node.Log.IsCut = !node.Log.IsCut;
                _engine.Wake();
                break;
            case 1 when Has(Mishaps.Cuts):
                _engine.IsUp = !_engine.IsUp;
                _engine.Wake();
                break;
            case 2 when Has(Mishaps.Restarts) && _nodes.Count(static other => other.IsQuiet) > 1:
                node.Stop();
                _ledger.Forget(node);
                _nodes[_nodes.IndexOf(node)] = node = Create();
                node.Start();
                break;
            case 3 when Has(Mishaps.Amnesia) && _random.Next(3) == 0 && _nodes.TrueForAll(static other => other.IsQuiet):
                _engine.LoseAll();
                break;
            case 4 when Has(Mishaps.Amnesia) && _nodes.TrueForAll(static other => other.IsQuiet):
                _engine.LoseTail(_random.Next(1, 10));
                break;
            case 5:
                _ledger.Delete(node, _random);
                break;
            case 6 when _random.Next(4) == 0:
                _ledger.Wipe(node);
                break;
            case 7:
                _ledger.DeleteSome(node);
                break;
            case 8:
                _ledger.Refused(node, _random);
                break;
            case 9 when Has(Mishaps.Clashes):
            case 10 when Has(Mishaps.Clashes):
            case 11 when Has(Mishaps.Clashes):
                // At once at two of them, so that neither knows of the other.
                _ledger.Clash(node, _random);
                _ledger.Clash(_nodes[_random.Next(_nodes.Count)], _random);
                break;
            default:
                _ledger.Push(node, _random);
                break;
        }
    }

    private bool Has(Mishaps mishap) => (_mishaps & mishap) != 0;

    private void EndMishaps()
    {
        _engine.IsUp = true;
        foreach (Node node in _nodes)
        {
            node.Log.IsCut = false;
            node.Log.LosesOneOf = 0;
        }

        _engine.Wake();
    }

    // Push times do not go back while a group is there. One that is deleted may have gone and come again since we looked last: so only
    // those count that nobody deletes.
    private void Watch()
    {
        if (_ledger.Wipes != _wipes)
        {
            _wipes = _ledger.Wipes;
            _times.Clear();
        }

        foreach (Node node in _nodes)
        {
            HashSet<string> there = [];
            foreach (GroupInfo group in node.Store.GetGroups())
            {
                string key = group.Key.ToString();
                there.Add(key);
                double at = group.PushedAt is { } pushed ? (pushed - DateTimeOffset.UnixEpoch).TotalSeconds : 0;
                if (_times.TryGetValue((node, key), out double before) && at < before && !Has(Mishaps.Amnesia | Mishaps.Alone)
                    && (key.Contains("merged", StringComparison.Ordinal) || key.Contains("replaced", StringComparison.Ordinal)))
                {
                    _wrong.Add($"the push time of {key} goes back from {before} to {at}");
                }

                _times[(node, key)] = at;
            }

            foreach (var gone in _times.Keys.Where(place => place.Node == node && !there.Contains(place.Key)).ToArray())
            {
                _times.Remove(gone);
            }
        }
    }

    private void Compare()
    {
        string text = _nodes[0].Text;
        for (int i = 1; i < _nodes.Count; i++)
        {
            Same($"node {i} and the first", text, _nodes[i].Text);
        }

        Node fresh = Create();
        fresh.Log.LosesOneOf = 0;
        fresh.Start();
        Time.RunUntil(() => fresh.IsQuiet, TimeSpan.FromSeconds(30));
        Time.RunUntil(static () => false, TimeSpan.FromSeconds(3));
        Same("a new node and the first", _nodes[0].Text, fresh.Text);
        _ledger.Check(_nodes[0], isExact: !Has(Mishaps.Amnesia | Mishaps.Alone), _wrong);
        if (_nodes.Sum(static node => node.Replicator.Counts.Damaged) > 0)
        {
            _wrong.Add("entries did not read");
        }
    }

    private void Same(string what, string first, string other)
    {
        if (first != other)
        {
            string[] a = first.Split('\n'), b = other.Split('\n');
            var difference = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{what} differ:");
            foreach (string line in a.Except(b).Take(4))
            {
                difference.Append("\n  - ").Append(line);
            }

            foreach (string line in b.Except(a).Take(4))
            {
                difference.Append("\n  + ").Append(line);
            }

            _wrong.Add(difference.ToString());
        }
    }
}
