namespace Exposition.Formats;

/// <summary>An exposition could not be read: it breaks the rules of its format.</summary>
public sealed class ExpositionFormatException : FormatException
{
    /// <summary>Makes an exception out of what a reader has found.</summary>
    /// <param name="error">The reason and the line.</param>
    public ExpositionFormatException(FormatError error)
        : base(error.ToString()) => Error = error;

    /// <summary>Makes an exception out of a reason alone.</summary>
    /// <param name="reason">What is wrong.</param>
    public ExpositionFormatException(string reason)
        : this(new FormatError(reason, 0))
    {
    }

    /// <summary>Makes an exception out of a reason and what it was found by.</summary>
    /// <param name="reason">What is wrong.</param>
    /// <param name="inner">How it was found.</param>
    public ExpositionFormatException(string reason, Exception? inner)
        : base(reason, inner) => Error = new FormatError(reason, 0);

    /// <summary>Makes an exception without a reason.</summary>
    public ExpositionFormatException()
        : this("the exposition is malformed")
    {
    }

    /// <summary>What was wrong, with a hint at the likely mistake where there is one.</summary>
    public FormatError Error { get; }

    /// <summary>The line that is wrong, counted from 1; 0 where there are no lines (protobuf).</summary>
    public int Line => Error.Line;

    /// <summary>What is wrong with it, without the line.</summary>
    public string Reason => Error.Message;
}
