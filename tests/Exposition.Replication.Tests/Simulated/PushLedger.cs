using System.Globalization;
using System.Text;
using Exposition.Engine;

namespace Exposition.Replication.Tests.Simulated;

// Groups whose families are all pushed alone (POST), and groups that are replaced whole (PUT), are told apart, and from those that are also
// deleted. Each push has a number, which is the value of its series. So what a group must have in the end follows from the numbers: of each
// family one that no acknowledged push has followed.

/// <summary>What was pushed in a simulation, and what must have become of it.</summary>
internal sealed class PushLedger(SimulatedTime time, bool isExact, List<string> wrong)
{
    private static readonly string[] s_families = ["alpha", "beta", "gamma"];

    private readonly List<Sent> _sent = [];
    private int _number;
    private int _wiping;
    private long _lastWipeEnd;

    /// <summary>Whether all have been answered.</summary>
    public bool IsDone => _sent.TrueForAll(static sent => sent.AnsweredAt is not null || sent.IsLost);

    /// <summary>How many were acknowledged.</summary>
    public int Acknowledged => _sent.Count(static sent => sent.IsAcknowledged);

    /// <summary>How many found no room for their group.</summary>
    public int Refusals { get; private set; }

    /// <summary>A node has ended: nobody hears what has become of its pushes.</summary>
    public void Forget(Node node) => _sent.ForEach(sent => sent.IsLost |= sent.Node == node && sent.AnsweredAt is null);

    public void Push(Node node, Random random)
    {
        int kind = random.Next(4);
        string job = kind switch { 0 => "merged", 1 => "replaced", 2 => "deleted", _ => "expiring" } + random.Next(2);
        PushMode mode = kind == 0 || (kind >= 2 && random.Next(2) == 0) ? PushMode.Merge : PushMode.Replace;
        string[] families = mode == PushMode.Merge ? [s_families[random.Next(s_families.Length)]] : s_families;
        int number = ++_number;
        string body = string.Concat(families.Select(family => string.Create(CultureInfo.InvariantCulture, $"{family} {number}\n")));
        var sent = new Sent(node, job, families, number, time.GetTimestamp());
        _sent.Add(sent);
        PushDetails details = kind == 3 ? new PushDetails(TimeSpan.FromSeconds(random.Next(1, 40))) : default;
        time.Begin(() => _ = PushAsync(sent, body, mode, details));
    }

    /// <summary>What a store has before there is a log.</summary>
    public void Begin(MetricStore store)
    {
        foreach (string job in (string[])["merged0", "merged1", "replaced0", "old"])
        {
            int number = ++_number;
            byte[] body = Encoding.UTF8.GetBytes(string.Concat(
                s_families.Select(family => string.Create(CultureInfo.InvariantCulture, $"{family} {number}\n"))));
            store.Push(Key(job), PushFormat.Text, body, PushMode.Replace).ThrowIfRefused();
            long now = time.GetTimestamp();
            _sent.Add(new Sent(null, job, s_families, number, now) { AnsweredAt = now, IsAcknowledged = true });
        }
    }

    public void Clash(Node node, Random random)
    {
        string type = random.Next(2) == 0 ? "# TYPE clash counter\n" : "# TYPE clash gauge\n";
        string job = "clash" + random.Next(3);
        byte[] body = Encoding.UTF8.GetBytes(type + string.Create(CultureInfo.InvariantCulture, $"clash {++_number}\n"));
        time.Begin(() => _ = node.Replicator.PushAsync(Key(job), PushFormat.Text, body, (PushMode)random.Next(2)));
    }

    public void Refused(Node node, Random random)
    {
        byte[] body = random.Next(2) == 0 ? "push_time_seconds 1\ntwice 1\ntwice 1\n"u8.ToArray() : "no number\n"u8.ToArray();
        string job = "refused" + random.Next(2);
        var details = new PushDetails(Sender: "me");
        time.Begin(() => _ = node.Replicator.PushAsync(Key(job), PushFormat.Text, body, PushMode.Merge, details));
    }

    public void Delete(Node node, Random random)
    {
        string job = (random.Next(2) == 0 ? "deleted" : "expiring") + random.Next(2);
        time.Begin(() => _ = node.Replicator.DeleteAsync(Key(job)));
    }

    public void DeleteSome(Node node) =>
        time.Begin(() => _ = node.Replicator.DeleteAsync([Key("deleted0"), Key("deleted1"), Key("clash0")]));

    public void Wipe(Node node, Action<long, bool> ended)
    {
        // What was pushed before may be gone.
        _sent.ForEach(static sent => sent.IsWiped = true);
        _wiping++;
        time.Begin(() => _ = WipeAsync(node, ended));
    }

    /// <summary>Says what of it is not as it must be.</summary>
    public void Check(Node node)
    {
        string text = node.Text;
        foreach (string family in isExact ? s_families : [])
        {
            CheckLast(text, "old", family);
        }

        for (int i = 0; i < 2; i++)
        {
            CheckMix(text, $"replaced{i}");
            foreach (string family in isExact ? s_families : [])
            {
                CheckLast(text, $"merged{i}", family);
                CheckLast(text, $"replaced{i}", family);
            }
        }
    }

    private static GroupingKey Key(string job) => GroupingKey.Create(("job", job));

    private static int? ValueOf(string text, string job, string family)
    {
        string series = $"{family}{{instance=\"\",job=\"{job}\"}} ";
        int at = text.IndexOf(series, StringComparison.Ordinal);
        return at < 0 ? null
            : int.Parse(text.AsSpan(at + series.Length, text.IndexOf('\n', at) - at - series.Length), CultureInfo.InvariantCulture);
    }

    private void CheckMix(string text, string job)
    {
        int?[] values = [.. s_families.Select(family => ValueOf(text, job, family)).Distinct()];
        if (values.Length > 1)
        {
            wrong.Add($"{job} is a mix of {string.Join(", ", values)}");
        }
    }

    // Who was answered finds it where it was answered, or something later.
    private void CheckOwn(Sent sent)
    {
        string kept = sent.Families.Length > 1 ? "replaced" : "merged";
        if (!isExact || _wiping > 0 || sent.IsWiped || !sent.Job.StartsWith(kept, StringComparison.Ordinal))
        {
            return;
        }

        string text = sent.Node!.Text;
        foreach (string family in sent.Families)
        {
            int? value = ValueOf(text, sent.Job, family);
            if (value is null || _sent.Exists(other => other.Job == sent.Job && other.Number == value
                && other.IsAcknowledged && other.AnsweredAt < sent.SentAt))
            {
                wrong.Add($"{sent.Number} of {sent.Job} was acknowledged by a node that shows {value} then");
            }
        }
    }

    private void CheckLast(string text, string job, string family)
    {
        List<Sent> all = _sent.FindAll(sent => sent.Job == job && sent.Families.Contains(family));
        int? value = ValueOf(text, job, family);
        Sent? shown = all.Find(sent => sent.Number == value);
        if (value is not null && shown is null)
        {
            wrong.Add($"{family} of {job} is {value}, which nobody has pushed");
        }

        // One that was acknowledged before another was sent must not be what is left; nor nothing, unless a wipe came after it.
        Sent? follower = all.Find(sent => sent.IsAcknowledged && (shown is null ? sent.SentAt > _lastWipeEnd && !sent.IsWiped
            : shown.AnsweredAt is { } answered && shown.IsAcknowledged && sent.SentAt > answered));
        if (follower is not null)
        {
            string there = value?.ToString(CultureInfo.InvariantCulture) ?? "not there";
            wrong.Add($"{family} of {job} is {there}, but {follower.Number} was acknowledged");
        }
    }

    private async Task PushAsync(Sent sent, string body, PushMode mode, PushDetails details)
    {
        ReplicatedPush result = await sent.Node!.Replicator.PushAsync(
            Key(sent.Job), PushFormat.Text, Encoding.UTF8.GetBytes(body), mode, details);
        sent.AnsweredAt = time.GetTimestamp();
        Refusals += result.Outcome.Status == PushStatus.TooManyGroups ? 1 : 0;
        sent.IsAcknowledged = result.State is ReplicatedState.Applied or ReplicatedState.Unreplicated && result.Outcome.IsStored;
        if (sent.IsAcknowledged && !sent.IsLost)
        {
            CheckOwn(sent);
        }
    }

    private async Task WipeAsync(Node node, Action<long, bool> ended)
    {
        long begun = time.GetTimestamp();
        ReplicatedDelete wipe = await node.Replicator.WipeAsync();
        _wiping--;
        ended(begun, wipe.State == ReplicatedState.Applied);

        // One whose answer was late may come still.
        _lastWipeEnd = Math.Max(_lastWipeEnd, time.GetTimestamp() + TimeSpan.FromSeconds(3).Ticks);
        _sent.ForEach(sent => sent.IsWiped |= sent.SentAt <= _lastWipeEnd);
    }

    private sealed class Sent(Node? node, string job, string[] families, int number, long at)
    {
        public Node? Node => node;

        public string Job => job;

        public string[] Families => families;

        public int Number => number;

        public long SentAt => at;

        public long? AnsweredAt { get; set; }

        public bool IsAcknowledged { get; set; }

        public bool IsLost { get; set; }

        public bool IsWiped { get; set; }
    }
}
