namespace Exposition.Store.Internal.Shapes;

/// <summary>What a shape is made of, while it is being found out. See <see cref="PushShape"/>.</summary>
internal sealed class ShapeTables
{
    public List<int> ValueStart { get; } = [];

    public List<int> ValueEnd { get; } = [];

    public List<bool> IsWhole { get; } = [];

    public List<bool> IsPositive { get; } = [];

    public List<int> Source { get; } = [];

    public List<int> LineStart { get; } = [];

    public List<int> LineEnd { get; } = [];

    public List<int> LastLineOfFamily { get; } = [];
}
