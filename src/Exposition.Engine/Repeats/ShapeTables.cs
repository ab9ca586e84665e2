namespace Exposition.Engine.Repeats;

/// <summary>What a shape is made of, while it is being found out. See <see cref="PushShape"/>.</summary>
/// <param name="values">At most how many values the body has.</param>
/// <param name="lines">How many lines it is rendered to.</param>
internal sealed class ShapeTables(int values, int lines)
{
    /// <summary>Whether there may be lines that the body does not have.</summary>
    public bool IsJoined { get; set; }

    public List<int> ValueStart { get; } = new(values);

    public List<int> ValueEnd { get; } = new(values);

    public List<bool> IsWhole { get; } = new(values);

    public List<bool> IsPositive { get; } = new(values);

    public List<int> Source { get; } = new(lines);

    public List<int> LineStart { get; } = new(lines);

    public List<int> LineEnd { get; } = new(lines);

    public List<int> LastLineOfFamily { get; } = [];

    public List<LineRule> Rules { get; } = [];
}
