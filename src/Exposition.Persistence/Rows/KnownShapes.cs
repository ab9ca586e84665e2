using Exposition.Engine;

namespace Exposition.Persistence.Rows;

// A digest costs more than all else that is done with a group whose shape is stored already. The store knows of most pushes that they have
// changed nothing but values since some version; the digest of that version is remembered here. Whether the file has that shape is looked
// up in any case.

/// <summary>The digests of the shapes of groups, by the version since which they have them. One entry for each large group.</summary>
internal sealed class KnownShapes
{
    private readonly Dictionary<GroupingKey, (long Since, int Families, int Lines, byte[] Digest)> _known = [];

    /// <summary>The digest of a group's shape, or null if it must be computed.</summary>
    public byte[]? Find(in KeptGroup group, int lines) =>
        group.SeriesSince > 0 && _known.TryGetValue(group.Key, out (long Since, int Families, int Lines, byte[] Digest) known)
            && known.Since == group.SeriesSince && known.Families == group.Families.Length && known.Lines == lines
            ? known.Digest : null;

    public void Remember(in KeptGroup group, int lines, byte[] digest)
    {
        if (group.SeriesSince > 0)
        {
            _known[group.Key] = (group.SeriesSince, group.Families.Length, lines, digest);
        }
    }

    public void Forget(GroupingKey key) => _known.Remove(key);

    public void ForgetAll() => _known.Clear();
}
