namespace Exposition.Hosting.Starting;

/// <summary>Something that can be wrong with how a host uses its engines. A service of the host, asked when it starts.</summary>
internal interface IStartCheck
{
    /// <summary>What is wrong, each with the engine that it is about.</summary>
    public IEnumerable<string> Faults();
}

/// <summary>A host that asks its start checks by itself, as not all can be known when options are looked at.</summary>
internal interface ILaterStartChecks
{
    /// <summary>Whether it will.</summary>
    public bool AreComing { get; }
}
