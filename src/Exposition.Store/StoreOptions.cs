using Exposition.Formats;

namespace Exposition.Store;

/// <summary>How a store behaves. Read once when the store is made.</summary>
public sealed class StoreOptions
{
    /// <summary>Refuse pushes that contradict themselves or what is stored. On by default.</summary>
    public bool CheckConsistency { get; set; } = true;

    /// <summary>Which names text bodies may use.</summary>
    public NameScheme Names { get; set; } = NameScheme.Legacy;

    /// <summary>The clock for push times.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;
}
