namespace Exposition.Formats.Internal;

/// <summary>Hash tables that the readers use while they fill a <see cref="FamilySet"/>.</summary>
internal sealed class FamilyIndex
{
    private readonly Dictionary<ulong, int> _byHash = [];

    public void Clear() => _byHash.Clear();
}
