namespace Exposition.Engine.Adding;

/// <summary>A count of observations: a whole number, which is added exactly, or a real one.</summary>
/// <param name="Whole">What was counted in whole numbers.</param>
/// <param name="Real">What was counted in real ones.</param>
internal readonly record struct Amount(ulong Whole, double Real)
{
    public bool IsZero => Whole == 0 && Real == 0;

    /// <summary>As one number.</summary>
    public double Value => Real == 0 ? Whole : Whole + Real;

    /// <summary>The sum.</summary>
    /// <exception cref="OverflowException">The whole numbers do not fit 64 bits.</exception>
    public Amount Plus(Amount other) => new(checked(Whole + other.Whole), Real + other.Real);

    /// <summary>Whether it is less than another.</summary>
    public bool IsBelow(Amount other) => Real == 0 && other.Real == 0 ? Whole < other.Whole : Value < other.Value;

    /// <summary>What it is more than another that is not greater.</summary>
    public Amount Minus(Amount other) => Real == 0 && other.Real == 0 ? new(Whole - other.Whole, 0) : new(0, Value - other.Value);
}
