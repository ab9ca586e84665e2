namespace Exposition.Engine.Repeats;

/// <summary>Decides after how many pushes a shape is tried (again): a group whose series keep changing is tried ever more rarely.</summary>
internal sealed class ShapePatience
{
    private const int Longest = 1024;
    private const int HitsToForgive = 4;

    private int _pause;
    private int _skip;
    private int _hits;

    /// <summary>Whether the push at hand is one to try a shape at.</summary>
    public bool IsOver()
    {
        if (_skip == 0)
        {
            return true;
        }

        _skip--;
        return false;
    }

    /// <summary>A shape has served a push.</summary>
    public void Hit()
    {
        if (_pause > 0 && ++_hits >= HitsToForgive)
        {
            _pause = 0;
        }
    }

    /// <summary>A shape could not be made, or did not hold.</summary>
    public void Miss()
    {
        _hits = 0;
        _pause = Math.Min(Longest, Math.Max(1, _pause * 4));
        _skip = _pause;
    }
}
