namespace Exposition.Fuzz.Targets;

/// <summary>Code under fuzzing together with the promises that must hold for every input.</summary>
internal interface IFuzzTarget
{
    /// <summary>The name on the command line.</summary>
    public string Name { get; }

    /// <summary>Inputs to begin with; they should reach each feature once.</summary>
    public IEnumerable<byte[]> Seeds { get; }

    /// <summary>Pieces of the input language that random edits would take long to find.</summary>
    public IReadOnlyList<byte[]> Dictionary { get; }

    /// <summary>Runs one input.</summary>
    /// <exception cref="Exception">A promise is broken.</exception>
    public void Run(byte[] input);
}

/// <summary>A promise was broken.</summary>
public sealed class BrokenPromiseException : Exception
{
    /// <summary>Without a reason.</summary>
    public BrokenPromiseException()
    {
    }

    /// <summary>With the promise in words.</summary>
    public BrokenPromiseException(string message)
        : base(message)
    {
    }

    /// <summary>With the promise in words and what broke it.</summary>
    public BrokenPromiseException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
