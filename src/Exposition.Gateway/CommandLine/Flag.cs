using System.Diagnostics.CodeAnalysis;

namespace Exposition.Gateway.CommandLine;

/// <summary>Reads a rule; what is wrong with the text, if it is none.</summary>
internal delegate bool TryParseRule<T>(string text, [NotNullWhen(true)] out T? rule, [NotNullWhen(false)] out string? error)
    where T : class;

/// <summary>A flag of the table.</summary>
/// <param name="Name">Long name, without dashes.</param>
/// <param name="Help">One paragraph.</param>
/// <param name="Set">Takes a value; "true" or "false" where <see cref="IsSwitch"/>.</param>
internal sealed record Flag(string Name, string Help, Action<string> Set)
{
    private readonly string? _shown;

    /// <summary>Takes no value and can be negated.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>May be given several times.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>What is taken where no value is given; null if one must be.</summary>
    public string? Implied { get; init; }

    /// <summary>Short form, or null.</summary>
    public char? Short { get; init; }

    /// <summary>What help shows after the name, such as <c>=5m</c>.</summary>
    public string Shown
    {
        get => _shown ?? (IsSwitch ? "" : "=\"\"");
        init => _shown = value;
    }

    /// <summary>The value as the status shows it; null where it is not shown.</summary>
    public Func<string?> Value { get; init; } = static () => null;

    /// <summary>What a limit is measured in.</summary>
    public string Unit { get; init; } = "";

    /// <summary>Ends the program as soon as it is read, before later arguments are looked at.</summary>
    public bool IsImmediate { get; init; }

    /// <summary>Shown only where its value matters.</summary>
    public Flag ShownIf(Func<bool> matters)
    {
        Func<string?> value = Value;
        return this with { Value = () => matters() ? value() : null };
    }

    /// <summary>A flag that is on or off.</summary>
    public static Flag Switch(string name, Func<bool> value, Action<bool> set, string help) =>
        new(name, help, text => set(text == "true")) { IsSwitch = true, Value = () => value() ? "true" : "false" };

    /// <summary>A flag that takes a rule each time it is given. The status shows them as they were given.</summary>
    public static Flag Rules<T>(string name, string help, TryParseRule<T> tryParse, IList<T> rules)
        where T : class
    {
        List<string> given = [];
        void Take(string text)
        {
            rules.Add(tryParse(text, out T? rule, out string? error) ? rule : throw new FlagException($"--{name}={text}: {error}"));
            given.Add(text);
        }

        return new Flag(name, help, Take)
        {
            IsRepeatable = true,
            Shown = "= ...",
            Value = () => given.Count > 0 ? string.Join(' ', given) : null,
        };
    }

    /// <summary>A flag that takes one of a few words. Help lists them.</summary>
    public static Flag Choice<T>(
        string name, (string Word, T Value)[] choices, Func<T> value, Action<T> set, string help, Func<string, string> error,
        StringComparison comparison = StringComparison.Ordinal)
    {
        string Word() => choices.First(choice => Equals(choice.Value, value())).Word;
        void Take(string text)
        {
            int at = Array.FindIndex(choices, choice => choice.Word.Equals(text, comparison));
            set(at >= 0 ? choices[at].Value : throw new FlagException(error(text)));
        }

        string words = string.Join(", ", choices.Select(static choice => choice.Word));
        return new Flag(name, $"{help} One of: [{words}]", Take) { Shown = "=" + Word(), Value = Word };
    }
}
