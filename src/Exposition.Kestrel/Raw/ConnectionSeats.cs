namespace Exposition.Kestrel.Raw;

// Two orders, each sorted by what was known last: the connections of a client by since when they are idle, and the clients by how many
// connections they have, then by their longest idle one. A connection that has become active since is found when it is the first of its
// order: it is looked at again and put further back, once a second at most. So finding the first costs in proportion to the activity, and
// not to the number of connections.

/// <summary>
/// Knows who has to leave for a newcomer: of the client that has most connections the one that is idle for longest. Not safe for concurrent
/// use.
/// </summary>
internal sealed class ConnectionSeats(TimeProvider time)
{
    private readonly Dictionary<ClientAddress, Client> _clients = [];
    private readonly SortedSet<Client> _order = [];
    private long _last;

    public int Count { get; private set; }

    public void Add(ConnectionSeat seat)
    {
        seat.Known = time.GetTimestamp();
        seat.Number = ++_last;
        if (_clients.TryGetValue(seat.Client, out Client? client))
        {
            _order.Remove(client);
        }
        else
        {
            _clients.Add(seat.Client, client = new Client(++_last));
        }

        client.Seats.Add(seat);
        _order.Add(client);
        Count++;
    }

    /// <summary>Takes a seat away.</summary>
    /// <returns>False if there was none any more.</returns>
    public bool Remove(ConnectionSeat seat)
    {
        if (!_clients.TryGetValue(seat.Client, out Client? client) || !client.Seats.Contains(seat))
        {
            return false;
        }

        _order.Remove(client);
        client.Seats.Remove(seat);
        Count--;
        if (client.Seats.Count == 0)
        {
            _clients.Remove(seat.Client);
        }
        else
        {
            _order.Add(client);
        }

        return true;
    }

    /// <summary>Who has to leave; null where nobody has a seat.</summary>
    public ConnectionSeat? Worst()
    {
        long now = time.GetTimestamp();
        now -= now % time.TimestampFrequency;
        while (_order.Min is { } client)
        {
            ConnectionSeat seat = client.Seats.Min!;
            long idleSince = Math.Min(seat.IdleSince, now);
            if (idleSince <= seat.Known)
            {
                return seat;
            }

            _order.Remove(client);
            client.Seats.Remove(seat);
            seat.Known = idleSince;
            client.Seats.Add(seat);
            _order.Add(client);
        }

        return null;
    }

    private sealed class Client(long number) : IComparable<Client>
    {
        public SortedSet<ConnectionSeat> Seats { get; } = [];

        public int CompareTo(Client? other)
        {
            int most = other!.Seats.Count.CompareTo(Seats.Count);
            int longest = most != 0 ? most : Seats.Min!.Known.CompareTo(other.Seats.Min!.Known);
            return longest != 0 ? longest : Number.CompareTo(other.Number);
        }

        private long Number { get; } = number;
    }
}
