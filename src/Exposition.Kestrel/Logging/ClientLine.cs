using System.Collections;
using System.Text;
using Exposition.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

/// <summary>A line of <see cref="ClientLog"/> in the making; then the state that loggers are given.</summary>
internal sealed class ClientLine : IReadOnlyList<KeyValuePair<string, object?>>
{
    private const string EngineKey = "engine";

    // Time, level, punctuation and the names in front of them.
    private const int Frame = 100;
    private const int AroundValue = 6;
    private const int LongestNumber = 20;

    // "at Exposition."
    private const int AtLength = 3;

    private readonly ClientLog _log;
    private readonly string? _reason;
    private readonly long _suppressed;
    private readonly List<KeyValuePair<string, object?>> _values = new(8);
    private int _left;

    public ClientLine(ClientLog log, LogLevel level, string message, string reason, long suppressed)
    {
        (_log, Level, Message, _reason, _suppressed) = (log, level, message, reason, suppressed);
        int name = log.Engine is { } engine ? EngineKey.Length + AroundValue + LogText.WrittenBytes(engine) : 0;
        _left = LogBudget.LineBytes - Frame - message.Length - reason.Length - (2 * (LongestNumber + AroundValue))
            - name;
    }

    /// <summary>Starts a line about what an operator has done, which needs no reason.</summary>
    public ClientLine(ClientLog log, LogLevel level, string message)
        : this(log, level, message, "", 0) => _reason = null;

    /// <summary>Whether it is about what an operator has done.</summary>
    public bool IsAction => _reason is null;

    public LogLevel Level { get; }

    public string Message { get; }

    public int Count => _values.Count + 1;

    public KeyValuePair<string, object?> this[int index] => index < _values.Count ? _values[index] : new(TextLogger.MessageKey, Message);

    /// <summary>Adds a value, which is cut where it is too long; nothing where there is none.</summary>
    public ClientLine Add(string name, object? value) => value is null ? this : Add(name, value.ToString() ?? "", LogText.ValueBytes);

    public ClientLine Add(string name, long value)
    {
        _values.Add(new(name, value));
        _left -= name.Length + AroundValue + LongestNumber;
        return this;
    }

    /// <summary>Adds what was thrown, and where in our code: a stack would let strangers fill the log.</summary>
    public ClientLine Add(Exception thrown)
    {
        string[] frames = (thrown.StackTrace ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Add("err", $"{thrown.GetType().Name}: {thrown.Message}", LogText.ValueBytes)
            .Add("at", (Array.Find(frames, IsOurs) ?? frames.FirstOrDefault())?[AtLength..], LogText.ValueBytes);
    }

    /// <summary>Hands it to the logger.</summary>
    public void Write()
    {
        if (_log.Engine is { } engine)
        {
            _values.Add(new(EngineKey, engine));
        }

        if (_reason is not null)
        {
            _values.Add(new("reason", _reason));
        }

        if (_suppressed > 0)
        {
            _values.Add(new("suppressed", _suppressed));
        }

        _log.Write(this, Math.Max(0, _left));
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.Append(this[_values.Count]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>For loggers that know no attributes.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Message);
        TextLogger.Append(text, _values);
        return text.ToString();
    }

    private static bool IsOurs(string frame) => frame.AsSpan(Math.Min(AtLength, frame.Length)).StartsWith("Exposition.");

    private ClientLine Add(string name, string? value, int most)
    {
        if (value is null)
        {
            return this;
        }

        most = Math.Min(most, _left - name.Length - AroundValue);
        if (most > LogText.LeastCut)
        {
            string cut = LogText.Cut(value, most);
            _values.Add(new(name, cut));
            _left -= name.Length + AroundValue + LogText.WrittenBytes(cut);
        }

        return this;
    }
}
