namespace Exposition.Formats.Translation;

/// <summary>What the points of a family do to those that are stored.</summary>
internal enum PointsMode : byte
{
    /// <summary>They take their places.</summary>
    Last,

    /// <summary>They are added to them.</summary>
    Add,

    /// <summary>They are running totals of one source, which are added to those of others.</summary>
    Cumulative,
}
