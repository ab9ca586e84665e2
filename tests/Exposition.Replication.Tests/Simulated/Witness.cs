using System.Text;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Groups;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests.Simulated;

/// <summary>Looks at nodes again and again: what each shows of a group must be what the log says of it, and must not go back.</summary>
internal sealed class Witness(MemoryEngine engine, Mishaps mishaps, bool isExact, List<string> wrong)
{
    private readonly Dictionary<(Node Node, GroupingKey Key), (long Revision, double PushedAt)> _seen = [];
    private readonly Dictionary<(string Subject, long Revision), List<GroupState>> _logged = [];
    private readonly Dictionary<(string Subject, string Family), (string Now, HashSet<string> Before)> _values = [];
    private readonly List<long> _wipes = [];
    private int _read;

    public void Look(IEnumerable<Node> nodes)
    {
        ReadHistory();
        foreach (Node node in nodes)
        {
            HashSet<GroupingKey> there = [];
            foreach (GroupInfo group in node.Store.GetGroups())
            {
                there.Add(group.Key);
                Look(node, group);
            }

            foreach (var gone in _seen.Keys.Where(place => place.Node == node && !there.Contains(place.Key)).ToArray())
            {
                _seen.Remove(gone);
            }
        }
    }

    private void Look(Node node, GroupInfo group)
    {
        double at = group.PushedAt is { } pushed ? (pushed - DateTimeOffset.UnixEpoch).TotalSeconds : 0;
        long revision = node.Store.Shared.RevisionOf(group.Key);
        (long Revision, double PushedAt) before = _seen.GetValueOrDefault((node, group.Key));
        _seen[(node, group.Key)] = (revision, at);
        if ((mishaps & (Mishaps.Amnesia | Mishaps.Alone | Mishaps.Seeds)) == 0)
        {
            // One that is deleted may have gone and come again since we looked last.
            string name = group.Key.ToString();
            bool isDeleted = (!name.Contains("merged", StringComparison.Ordinal) && !name.Contains("replaced", StringComparison.Ordinal))
                || _wipes.Exists(wipe => before.Revision < wipe && wipe < revision);
            if (at < before.PushedAt && !isDeleted)
            {
                wrong.Add($"the push time of {name} goes back from {before.PushedAt} to {at}");
            }

            if (revision > 0 && revision < before.Revision)
            {
                wrong.Add($"{name} goes back from revision {before.Revision} to {revision}");
            }
        }

        if (revision > 0 && revision != before.Revision && !group.IsExpired && node.Store.Shared.PlaceOf(group.Key) is { IsAlone: false })
        {
            CompareWithLog(node, group.Key, revision);
        }
    }

    private void CompareWithLog(Node node, GroupingKey key, long revision)
    {
        if (!node.Store.Shared.TryCopy(key, out GroupState own, out long now) || now != revision)
        {
            return;
        }

        // An engine that has lost its tail gives revisions twice.
        if (!_logged.TryGetValue((Subjects.Of(key), revision), out List<GroupState>? logged)
            || !logged.Exists(state => StateMerge.AreEqual(new GroupState(state.Families), new GroupState(own.Families))))
        {
            wrong.Add($"{key} is said to be of revision {revision}, and is not what the log has there");
        }
    }

    // Each push has a number of its own: one that comes again after another was carried out twice.
    private void LookForReturns(string subject, in Message message)
    {
        if (!isExact || message.Key!.ToString().Contains("clash", StringComparison.Ordinal))
        {
            return;
        }

        foreach (FamilyEntry family in message.State.Families)
        {
            string text = Encoding.UTF8.GetString(family.Text.Span);
            if (BuiltInFamilies.IsAny(family.Name.Span))
            {
                continue;
            }

            (string Subject, string Family) place = (subject, Encoding.UTF8.GetString(family.Name.Span));
            (string now, HashSet<string> before) = _values.GetValueOrDefault(place, (text, []));
            if (now != text && !before.Add(now))
            {
                wrong.Add($"{text.TrimEnd()} came to be in the log in two pieces: {now.TrimEnd()} twice");
            }

            _values[place] = (text, before);
        }
    }

    private void ReadHistory()
    {
        for (; _read < engine.History.Count; _read++)
        {
            (long revision, LogEntry entry) = engine.History[_read];
            _ = MessageCodec.TryRead(entry.Body.Span, null, out Message message);
            if (message.Kind == MessageKind.Wipe)
            {
                // What is sent twice may come after it.
                _values.Clear();
                _wipes.Add(revision);
            }
            else if (message.Kind == MessageKind.State)
            {
                if (!_logged.TryGetValue((entry.Subject, revision), out List<GroupState>? states))
                {
                    _logged.Add((entry.Subject, revision), states = []);
                }

                states.Add(message.State);
                LookForReturns(entry.Subject, message);
            }
        }
    }
}
