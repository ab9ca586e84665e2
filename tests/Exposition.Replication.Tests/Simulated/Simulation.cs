using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests.Simulated;

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
    private readonly AddLedger _adds;
    private readonly Witness _witness;

    public Simulation(int seed, Mishaps mishaps, int nodes)
    {
        (_random, _mishaps) = (new Random(seed), mishaps);
        _engine = new MemoryEngine(Time);

        // What only an engine had that has lost it, or only a node that comes back empty, may be lost.
        bool isExact = !Has(Mishaps.Amnesia) && (!Has(Mishaps.Alone) || Has(Mishaps.Copies) || !Has(Mishaps.Restarts));
        _ledger = new PushLedger(Time, isExact, _wrong);
        _adds = new AddLedger(Time, !Has(Mishaps.Amnesia), _wrong);
        _witness = new Witness(_engine, mishaps, isExact, _wrong);
        for (int i = 0; i < nodes; i++)
        {
            _nodes.Add(Create(copy: null, seeds: false));
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

    /// <summary>How many additions were acknowledged.</summary>
    public int Added => _adds.Acknowledged;

    /// <summary>How many of them were sent more than once.</summary>
    public int AddedAgain => _adds.Retried;

    /// <summary>How many found no room.</summary>
    public int Refusals => _ledger.Refusals;

    /// <summary>Runs it.</summary>
    /// <returns>What was wrong; empty if all was well.</returns>
    public string Run()
    {
        if (SettlesNothing || Breaks is not null)
        {
            // The first were made before that was known.
            for (int i = 0; i < _nodes.Count; i++)
            {
                _nodes[i] = Create(copy: null, seeds: false);
            }
        }

        Begin();
        for (int step = 0; step < Steps; step++)
        {
            Act();
            Time.RunUntil(static () => false, TimeSpan.FromMilliseconds(_random.Next(_random.Next(4) == 0 ? 3000 : 60)));
            _witness.Look(_nodes);
            if (Has(Mishaps.Copies) && _random.Next(3) == 0)
            {
                _nodes[_random.Next(_nodes.Count)].Keep();
            }
        }

        EndMishaps();
        bool isQuiet = Time.RunUntil(
            () => _nodes.TrueForAll(static node => node.IsQuiet) && _ledger.IsDone && _adds.IsDone, TimeSpan.FromMinutes(3));
        if (!Has(Mishaps.Limits))
        {
            _adds.CountAll(_nodes, _random);
        }

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

    // The one that seeds may come late: others have taken the log into use by then, and pushes.
    private void Begin()
    {
        if (Has(Mishaps.Seeds))
        {
            _nodes.Skip(1).ToList().ForEach(static node => node.Start());
            for (int step = _random.Next(4); step > 0; step--)
            {
                Time.RunUntil(static () => false, TimeSpan.FromMilliseconds(_random.Next(1000)));
                _ledger.Push(_nodes[_random.Next(1, _nodes.Count)], _random);
            }

            var old = new MetricStore(new StoreOptions { Time = Time, ShapeCacheBytes = 0, BundleCacheBytes = 0 });
            _ledger.Begin(old);
            _nodes[0] = Create(new NodeCopy(old), seeds: true);
            _nodes[0].Start();
        }
        else
        {
            _nodes.ForEach(static node => node.Start());
        }

        Time.RunUntil(() => _nodes.TrueForAll(static node => node.IsQuiet), TimeSpan.FromSeconds(60));
    }

    private Node Create(NodeCopy? copy, bool seeds)
    {
        bool isWrong = (_mishaps & Mishaps.Skew) != 0;
        var node = new Node(Time, _engine, new NodeSettings(new Random(_random.Next()))
        {
            LosesOneOf = (_mishaps & Mishaps.Losses) != 0 ? 6 : 0,
            IsChecked = (_mishaps & Mishaps.Clashes) == 0,
            WrongBy = isWrong ? TimeSpan.FromSeconds(_random.Next(-5, 6)) : TimeSpan.Zero,
            WhenUnreachable = (_mishaps & Mishaps.Alone) != 0 ? WhenUnreachable.Accept : WhenUnreachable.Refuse,
            SettlesNothing = SettlesNothing,
            Copy = copy,
            Seed = seeds,
            MaxGroups = Has(Mishaps.Limits) ? 6 : 0,
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
                Restart(node);
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
                _ledger.Wipe(node, _adds.Wiped);
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
            case 12 when !Has(Mishaps.Limits):
                _adds.Add(_nodes, _random);
                break;
            case 13 when !Has(Mishaps.Limits):
                _adds.Count(_nodes, _random);
                break;
            default:
                _ledger.Push(node, _random);
                break;
        }
    }

    private void Restart(Node node)
    {
        // What was pushed to it alone it has itself only.
        if (Has(Mishaps.Alone) || _random.Next(2) == 0)
        {
            node.Keep();
        }

        node.Stop();
        _ledger.Forget(node);
        int place = _nodes.IndexOf(node);
        _nodes[place] = Create(Has(Mishaps.Copies) ? node.Copy : null, node.Seeds);
        _nodes[place].Start();
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

    private void Compare()
    {
        string text = _nodes[0].Text;
        for (int i = 1; i < _nodes.Count; i++)
        {
            Same($"node {i} and the first", text, _nodes[i].Text);
        }

        Node fresh = Create(copy: null, seeds: false);
        fresh.Log.LosesOneOf = 0;
        fresh.Start();
        Time.RunUntil(() => fresh.IsQuiet, TimeSpan.FromSeconds(30));
        Time.RunUntil(static () => false, TimeSpan.FromSeconds(3));
        Same("a new node and the first", _nodes[0].Text, fresh.Text);
        _ledger.Check(_nodes[0]);
        _adds.Check(_nodes[0]);
        _witness.Look(_nodes);
        if (!Has(Mishaps.Amnesia) && _nodes.Exists(static node => node.Replicator.Counts.Divergent > 0))
        {
            _wrong.Add("a comparison has found what ought not to be");
        }

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
