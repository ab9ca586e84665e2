using System.Globalization;
using Exposition.Load.Bodies;
using Exposition.Load.Servers;

namespace Exposition.Load.Cases;

/// <summary>
/// Pushes that add up in groups that all connections push to, in turn: additions, each with an id of its own, or the totals of a source.
/// </summary>
internal sealed class AddingPushes : IPushes
{
    private const int IdDigits = 12;

    private readonly PushBody _body = SmallBody.Make();
    private readonly Random _random;
    private readonly PushWay _way;
    private readonly byte[][] _heads;
    private readonly int _idStart;
    private readonly long[][] _sums;
    private long _turn;

    public AddingPushes(ServerSystem system, PushWay way, string job, int groups, int connection, int seed)
    {
        _random = new Random(seed + connection);
        _way = way;
        _turn = connection;
        string who = string.Create(CultureInfo.InvariantCulture, $"c{connection}-{new string('0', IdDigits)}");
        _heads = [.. Enumerable.Range(0, groups).Select(group => system.PushHead(job, $"i{group}", _body.Bytes.Length, way, who))];
        _idStart = _heads[0].AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(who)) + who.Length - IdDigits;
        _sums = [.. Enumerable.Range(0, groups).Select(_ => new long[_body.Series])];
    }

    /// <summary>None: what is exposed is the sum of what all connections have pushed.</summary>
    public LastPush? Last => null;

    public (byte[] Head, byte[] Body) Next()
    {
        byte[] head = _heads[_turn % _heads.Length];
        if (_way == PushWay.Add)
        {
            _body.Rewrite(_random);
            int start = _idStart + head.Length - _heads[0].Length;
            _turn.TryFormat(head.AsSpan(start, IdDigits), out _, "D12", CultureInfo.InvariantCulture);
        }
        else
        {
            _body.Count(_random);
        }

        return (head, _body.Bytes);
    }

    public void Taken() => _body.AddTo(_sums[_turn++ % _heads.Length], replace: _way == PushWay.Total);

    /// <summary>What groups must expose that all of them have pushed to.</summary>
    public static List<LastPush> Sums(IReadOnlyList<AddingPushes> all, string job) =>
        [.. Enumerable.Range(0, all[0]._sums.Length).Select(group => new LastPush(job, $"i{group}", all[0]._body.With(
            [.. Enumerable.Range(0, SmallBody.Series).Select(series => all.Sum(pushes => pushes._sums[group][series]))])))];
}
