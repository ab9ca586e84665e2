namespace Exposition.Formats;

/// <summary>What a line of an exposition is.</summary>
public enum ExpositionToken : byte
{
    /// <summary>Nothing was read yet, or there is nothing more to read.</summary>
    None = 0,

    /// <summary>A HELP line: <see cref="ExpositionReader.Name"/> and <see cref="ExpositionReader.Help"/>.</summary>
    Help = 1,

    /// <summary>A TYPE line: <see cref="ExpositionReader.Name"/> and <see cref="ExpositionReader.Type"/>.</summary>
    Type = 2,

    /// <summary>
    /// A sample: <see cref="ExpositionReader.Name"/>, <see cref="ExpositionReader.Labels"/>, <see cref="ExpositionReader.Value"/> and
    /// perhaps a timestamp.
    /// </summary>
    Sample = 3,
}
