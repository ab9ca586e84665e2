namespace Exposition.Persistence.Sqlite;

/// <summary>Hands good rows on and counts all.</summary>
internal sealed class RowReader(RestoreGroup restore, Action<string> onDamaged)
{
    /// <summary>Takes groups that need no check.</summary>
    public RestoreGroup Restore => restore;

    public int Groups { get; private set; }

    public int Damaged { get; private set; }

    /// <returns>Whether the row was good.</returns>
    public bool Take(in DecodedRow row)
    {
        if (row.State.Families is not null && TryRestore(row))
        {
            Groups++;
            return true;
        }

        Damaged++;
        onDamaged(row.Key?.ToString() ?? $"row {row.Id}");
        return false;
    }

    private bool TryRestore(in DecodedRow row)
    {
        try
        {
            restore(new KeptGroup(row.Key!, row.State.Families)
            {
                ExpiresAt = row.State.ExpiresAt,
                LastFailure = row.State.LastFailure,
                Memory = row.Memory with { Place = row.State.Place },
            });
            if (!row.HasAllIds)
            {
                // The group is good; but a push that comes again may count twice.
                onDamaged($"{row.Key} (ids of its last pushes)");
            }

            return true;
        }
        catch (InvalidOperationException)
        {
            // Its samples do not read back: written by a defect, and no reason to lose the other groups.
            return false;
        }
    }
}
