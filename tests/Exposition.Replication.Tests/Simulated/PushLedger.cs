using System.Globalization;
using System.Text;
using Exposition.Engine;

namespace Exposition.Replication.Tests.Simulated;

// Groups whose families are all pushed alone (POST), and groups that are replaced whole (PUT), are told apart, and from those that are also
// deleted. Each push has a number, which is the value of its series. So what a group must have in the end follows from the numbers: of each
// family one that no acknowledged push has followed.

/// <summary>What was pushed in a simulation, and what must have become of it.</summary>
internal sealed class PushLedger(SimulatedTime time)
{
    private static readonly string[] s_families = ["alpha", "beta", "gamma"];

    private readonly List<Sent> _sent = [];
    private int _number;
    private long _lastWipeEnd;

    /// <summary>Whether all have been answered.</summary>
    public bool IsDone => _sent.TrueForAll(static sent => sent.AnsweredAt is not null || sent.IsLost);

    /// <summary>How many wipes have begun or ended.</summary>
    public int Wipes { get; private set; }

    /// <summary>How many were acknowledged.</summary>
    public int Acknowledged => _sent.Count(static sent => sent.IsAcknowledged);

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

    public void Wipe(Node node)
    {
        // What was pushed before may be gone.
        _sent.ForEach(static sent => sent.IsWiped = true);
        Wipes++;
        time.Begin(() => _ = WipeAsync(node));
    }

    /// <summary>Says what of it is not as it must be.</summary>
    /// <param name="node">A node.</param>
    /// <param name="isExact">Whether nothing may be lost.</param>
    /// <param name="wrong">Where that goes.</param>
    public void Check(Node node, bool isExact, List<string> wrong)
    {
        string text = node.Text;
        for (int i = 0; i < 2; i++)
        {
            CheckMix(text, $"replaced{i}", wrong);
            foreach (string family in isExact ? s_families : [])
            {
                CheckLast(text, $"merged{i}", family, wrong);
                CheckLast(text, $"replaced{i}", family, wrong);
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

    private static void CheckMix(string text, string job, List<string> wrong)
    {
        int?[] values = [.. s_families.Select(family => ValueOf(text, job, family)).Distinct()];
        if (values.Length > 1)
        {
            wrong.Add($"{job} is a mix of {string.Join(", ", values)}");
        }
    }

    private void CheckLast(string text, string job, string family, List<string> wrong)
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
        ReplicatedPush result = await sent.Node.Replicator.PushAsync(
            Key(sent.Job), PushFormat.Text, Encoding.UTF8.GetBytes(body), mode, details);
        sent.AnsweredAt = time.GetTimestamp();
        sent.IsAcknowledged = result.State == ReplicatedState.Applied && result.Outcome.IsStored;
    }

    private async Task WipeAsync(Node node)
    {
        await node.Replicator.WipeAsync();
        Wipes++;

        // One whose answer was late may come still.
        _lastWipeEnd = Math.Max(_lastWipeEnd, time.GetTimestamp() + TimeSpan.FromSeconds(3).Ticks);
        _sent.ForEach(sent => sent.IsWiped |= sent.SentAt <= _lastWipeEnd);
    }

    private sealed class Sent(Node node, string job, string[] families, int number, long at)
    {
        public Node Node => node;

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
