using Exposition.Engine.Publishing;

namespace Exposition.Engine.Sharing;

/// <summary>A store of its own, of which nobody knows.</summary>
internal readonly record struct SettledStore(StoreState State, Loading Loading, HostFamilies Host);
