namespace Exposition.Gateway.CommandLine;

/// <summary>A flag of the table.</summary>
/// <param name="Name">Long name, without dashes.</param>
/// <param name="Help">One paragraph.</param>
/// <param name="Set">Takes a value; "true" or "false" where <see cref="IsSwitch"/>.</param>
internal sealed record Flag(string Name, string Help, Action<string> Set)
{
    /// <summary>Takes no value and can be negated.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>May be given several times.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Short form, or null.</summary>
    public char? Short { get; init; }

    /// <summary>What help shows after the name, such as <c>=5m</c>.</summary>
    public string Shown { get; init; } = "";

    /// <summary>Ends the program as soon as it is read, before later arguments are looked at.</summary>
    public bool IsImmediate { get; init; }
}
