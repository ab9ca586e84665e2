namespace Exposition.Persistence;

/// <summary>What kept a durable copy from being read or written.</summary>
public enum DurableFault
{
    /// <summary>The medium refused: no such directory, no permission, no space, a failed write.</summary>
    Unavailable,

    /// <summary>Another process has the file open.</summary>
    Locked,

    /// <summary>The file's structure is broken.</summary>
    Damaged,

    /// <summary>One group cannot be written, because it is too large for the medium or there is no memory for it; others can.</summary>
    GroupRefused,

    /// <summary>A later version of this program has written the file: this one would lose what it does not know.</summary>
    LaterVersion,
}

/// <summary>A durable copy could not be read or written.</summary>
public sealed class DurableStoreException : Exception
{
    private readonly string? _reason;

    /// <summary>Makes an exception without details.</summary>
    public DurableStoreException()
    {
    }

    /// <summary>Makes an exception with a message.</summary>
    public DurableStoreException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with a message and a cause.</summary>
    public DurableStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception of a kind.</summary>
    public DurableStoreException(DurableFault fault, string message, Exception? cause = null)
        : base(message, cause) => Fault = fault;

    private DurableStoreException(string file, DurableStoreException unnamed)
        : base($"{file}: {unnamed.Reason}", unnamed.InnerException) => (Fault, _reason) = (unnamed.Fault, unnamed.Reason);

    /// <summary>What kind of failure it was.</summary>
    public DurableFault Fault { get; }

    /// <summary>The message without the file that <see cref="Of"/> has put in front, for lines that name it anyway.</summary>
    internal string Reason => _reason ?? Message;

    /// <summary>The same with the file that it is about in its message.</summary>
    internal DurableStoreException Of(string file) => new(file, this);

    /// <summary>Why something has failed, for a line that names the file.</summary>
    internal static string ReasonOf(Exception e) => e is DurableStoreException known ? known.Reason : e.Message;
}
