using System.Globalization;

namespace Exposition.Kestrel.Page;

/// <summary>Writes times as their age, with the time itself beside: all of one page from the same moment.</summary>
/// <param name="html">Where to.</param>
/// <param name="now">That moment.</param>
internal sealed class PageClock(HtmlWriter html, DateTimeOffset now)
{
    // Of a time of the store that nobody has set.
    private static readonly DateTimeOffset s_last = DateTimeOffset.MaxValue.AddYears(-1);

    /// <summary>The moment.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Such as "26 h ago" or "in 12 min".</summary>
    public void Write(DateTimeOffset at)
    {
        string utc = at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        html.Raw("<time datetime=\""u8).Text(utc.Replace(' ', 'T')).Raw("Z\" title=\""u8).Text(utc).Raw(" UTC\">"u8)
            .Text(at <= now ? Words.Duration(now - at) + " ago" : "in " + Words.Duration(at - now)).Raw("</time>"u8);
    }

    /// <summary>The same, or "never".</summary>
    public void Write(DateTimeOffset? at)
    {
        if (at is { } time)
        {
            Write(time);
        }
        else
        {
            html.Raw("never"u8);
        }
    }

    /// <summary>The same of seconds since the Unix epoch; 0 is "never".</summary>
    public void Write(double unixSeconds)
    {
        if (unixSeconds == 0)
        {
            Write(at: null);
        }
        else if (unixSeconds > 0 && unixSeconds < s_last.ToUnixTimeSeconds())
        {
            Write(DateTimeOffset.UnixEpoch.AddSeconds(unixSeconds));
        }
        else
        {
            html.Text(PlainNumber.Of(unixSeconds));
        }
    }
}
