namespace Exposition.Load.Cases;

/// <summary>A group and what it was last sent.</summary>
internal sealed record LastPush(string Job, string Instance, byte[] Body);

/// <summary>What a connection pushes, one after the other.</summary>
internal interface IPushes
{
    /// <summary>The last push that was taken, where one alone says what must be exposed.</summary>
    public LastPush? Last { get; }

    /// <summary>The next push.</summary>
    public (byte[] Head, byte[] Body) Next();

    /// <summary>It was taken.</summary>
    public void Taken();
}
