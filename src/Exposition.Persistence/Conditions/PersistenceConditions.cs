using System.Globalization;
using Exposition.Hosting.Conditions;

namespace Exposition.Persistence.Conditions;

/// <summary>What can be wrong with a durable copy: writes fail, or they are behind.</summary>
/// <param name="status">How it is doing.</param>
/// <param name="interval">How old a change may become.</param>
internal sealed class PersistenceConditions(Func<DurableStatus> status, TimeSpan interval) : IConditionSource
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    // As the log has it.
    private readonly TimeSpan _mostLag = 3 * (interval > s_second ? interval : s_second);

    public void Look(ICollection<Condition> into)
    {
        DurableStatus now = status();
        if (now.Ended)
        {
            into.Add(new Condition(ConditionTypes.PersistenceFailing,
                "persistence has ended: changes are not written any more, a restart helps", "ended"));
        }

        if (now.FailingSince is { } since)
        {
            into.Add(new Condition(ConditionTypes.PersistenceFailing,
                "writing to the persistence file fails, see the log; it is tried again", "writing", since));
        }
        else if (now.SetAside > 0)
        {
            into.Add(new Condition(ConditionTypes.PersistenceFailing, string.Create(CultureInfo.InvariantCulture,
                $"{now.SetAside} groups cannot be written to the persistence file, see the log; they are tried again"), "groups"));
        }

        if (now.Lag > _mostLag)
        {
            into.Add(new Condition(ConditionTypes.PersistenceLagging, string.Create(CultureInfo.InvariantCulture,
                $"the oldest change that is not in the persistence file is {now.Lag.TotalSeconds:f0} s old")));
        }
    }
}
