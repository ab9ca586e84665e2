using Exposition.Engine.Groups;

namespace Exposition.Engine.Finding;

// Groups that follow one another mostly have their families at the same places, and share what they say alike of one: so the two families
// of times are found by a reference. And mostly nothing has failed, and the push time is the time at which it was pushed: so no number is
// read from text.

/// <summary>Reads the push times of many groups. Not safe for concurrent use.</summary>
internal sealed class PushTimes
{
    private Place _pushed;
    private Place _failed;

    /// <summary>The last push that was stored, in seconds since the Unix epoch, 0 for never; null where the group has no such
    /// family.</summary>
    public double? Pushed(GroupSnapshot group)
    {
        ReadOnlySpan<FamilyEntry> families = group.Families;
        int at = _pushed.Find(families, BuiltInFamilies.PushTime);
        return at < 0 || families[at].SampleCount == 0 ? null : IsZero(families[at]) ? 0 : families[at].PushedAt / 1e9;
    }

    /// <summary>The last push that contradicted itself or others.</summary>
    public double? Failed(GroupSnapshot group)
    {
        ReadOnlySpan<FamilyEntry> families = group.Families;
        int at = _failed.Find(families, BuiltInFamilies.PushFailure);
        return at < 0 || families[at].SampleCount == 0 ? null : IsZero(families[at]) ? 0 : group.FailureTime;
    }

    private static bool IsZero(in FamilyEntry entry) => entry.SampleCount == 1 && entry.TextSpan.EndsWith(" 0\n"u8);

    private struct Place
    {
        private int _last;
        private FamilyHead? _head;

        public int Find(ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<byte> name)
        {
            if (_last < families.Length && ReferenceEquals(families[_last].Head, _head))
            {
                return _last;
            }

            int at = GroupSnapshot.IndexOf(families, name);
            if (at >= 0)
            {
                (_last, _head) = (at, families[at].Head);
            }

            return at;
        }
    }
}
