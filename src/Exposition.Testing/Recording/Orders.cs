using System.Collections.Concurrent;

namespace Exposition.Testing.Recording;

/// <summary>What is to happen to one of the next pushes.</summary>
/// <param name="Delay">How long its answer takes longer.</param>
/// <param name="Drop">Whether its connection ends without an answer.</param>
/// <param name="Status">What it is answered without being stored; 0 for as ever.</param>
/// <param name="Reason">The body of that answer.</param>
/// <param name="RetryAfter">Its Retry-After.</param>
internal sealed record Order(TimeSpan Delay, bool Drop = false, int Status = 0, string Reason = "", TimeSpan? RetryAfter = null);

/// <summary>Orders of a test, each for one push, in the order in which they were given.</summary>
internal sealed class Orders
{
    private readonly ConcurrentQueue<Order> _next = [];

    /// <summary>Adds an order for so many pushes.</summary>
    public void Add(Order order, int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        for (int i = 0; i < times; i++)
        {
            _next.Enqueue(order);
        }
    }

    /// <summary>The order for a push that has come, or null.</summary>
    public Order? Take() => _next.TryDequeue(out Order? order) ? order : null;
}
