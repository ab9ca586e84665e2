using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Tests;

/// <summary>Somebody who carries out changes in the place of a store, to the end that a test has chosen.</summary>
internal sealed class FakeChanges : IChangeTarget
{
    public ChangeResult Result { get; set; }

    public Exception? Thrown { get; init; }

    public int Pushes { get; private set; }

    /// <summary>The mode of the last push.</summary>
    public PushMode Mode { get; private set; }

    /// <summary>Its id.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Its source.</summary>
    public string Source { get; private set; } = "";

    public int Deletes { get; private set; }

    /// <summary>The keys of a delete of several groups.</summary>
    public IReadOnlyCollection<GroupingKey> Chosen { get; private set; } = [];

    public List<string> Failures { get; } = [];

    public string? Unavailable { get; init; }

    public string? NotReady => Unavailable;

    public async Task<ChangeResult> PushAsync(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details)
    {
        Pushes++;
        (Mode, Id, Source) = (mode, Encoding.UTF8.GetString(details.Id.Span), Encoding.UTF8.GetString(details.Source.Span));
        await Task.Yield();
        return Thrown is null ? Result : throw Thrown;
    }

    public async Task<ChangeResult> DeleteAsync(GroupingKey key)
    {
        Deletes++;
        await Task.Yield();
        return Result;
    }

    public Task<ChangeResult> DeleteAsync(IReadOnlyCollection<GroupingKey> keys)
    {
        Chosen = keys;
        return Task.FromResult(Result);
    }

    public Task<ChangeResult> WipeAsync() => Task.FromResult(Result);

    public void NoteFailure(GroupingKey key, string reason, object? sender) => Failures.Add(reason);
}
