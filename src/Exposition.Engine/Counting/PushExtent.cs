namespace Exposition.Engine.Counting;

/// <summary>How much is in a push, in the measure of limits.</summary>
/// <param name="Series">Series.</param>
/// <param name="LongestLabel">Bytes of the longest label value.</param>
/// <param name="Rendered">See <see cref="PushPeaks.Rendered"/>.</param>
internal readonly record struct PushExtent(long Series, int LongestLabel, long Rendered);
