using System.Globalization;

namespace Exposition.Persistence.Following;

/// <summary>Tells when changes wait for more than three intervals, and again each minute while they do.</summary>
internal sealed class LagWatch : IDisposable
{
    private static readonly TimeSpan s_reminder = TimeSpan.FromMinutes(1);

    private readonly string _name;
    private readonly DurableCopyOptions _options;
    private readonly TimeSpan _limit;
    private readonly Func<(TimeSpan Lag, int Groups)> _look;
    private readonly ITimer _timer;
    private TimeSpan _told;

    // Looks at the age of the oldest change, and how many groups wait.
    public LagWatch(string name, DurableCopyOptions options, Func<(TimeSpan Lag, int Groups)> look)
    {
        (_name, _options, _look) = (name, options, look);
        TimeSpan period = options.Interval > TimeSpan.FromSeconds(1) ? options.Interval : TimeSpan.FromSeconds(1);
        _limit = 3 * period;
        _timer = options.Time.CreateTimer(static watch => ((LagWatch)watch!).Look(), this, period, period);
    }

    public void Dispose() => _timer.Dispose();

    // What a timer throws ends the process. What could not be told is told the next time, and the lag is a metric, too.
    private void Look()
    {
        try
        {
            (TimeSpan lag, int groups) = _look();
            if (lag <= _limit)
            {
                _told = TimeSpan.Zero;
            }
            else if (_told == TimeSpan.Zero || lag - _told > s_reminder)
            {
                _told = lag;
                _options.Report(new DurableNotice(DurableEvent.Lagging, _name, groups,
                    string.Create(CultureInfo.InvariantCulture, $"the oldest change has waited for {lag.TotalSeconds:f1} s")));
            }
        }
        catch (Exception)
        {
            _told = TimeSpan.Zero;
        }
    }
}
