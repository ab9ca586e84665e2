namespace Exposition.Gateway.CommandLine;

/// <summary>Applies a command line to a table of flags.</summary>
internal sealed class FlagParser(List<Flag> table)
{
    private readonly HashSet<Flag> _seen = [];

    /// <summary>The names of those that were given.</summary>
    public IEnumerable<string> Given => _seen.Select(static flag => flag.Name);

    /// <summary>Reads all arguments, or up to an immediate flag.</summary>
    /// <exception cref="FlagException">They are wrong.</exception>
    public void Parse(IEnumerable<string> arguments)
    {
        var reader = new ArgumentReader(arguments);
        while (true)
        {
            Token token = reader.Next();
            switch (token.Kind)
            {
                case TokenKind.End:
                    return;
                case TokenKind.Value:
                    throw new FlagException($"unexpected {token.Text}");
                default:
                    if (Apply(token, reader))
                    {
                        return;
                    }

                    break;
            }
        }
    }

    private bool Apply(Token token, ArgumentReader reader)
    {
        Flag flag = Find(token, out bool negated);
        string value = negated ? "false" : "true";
        if (!flag.IsSwitch)
        {
            value = reader.Peek().Kind == TokenKind.Value
                ? reader.Next().Text
                : flag.Implied
                    ?? throw new FlagException($"expected argument for flag '{(token.Kind == TokenKind.Long ? "--" : "-")}{token.Text}'");
        }

        if (!_seen.Add(flag) && !flag.IsRepeatable)
        {
            throw new FlagException($"flag '{flag.Name}' cannot be repeated");
        }

        try
        {
            flag.Set(value);
        }
        catch (FormatException e)
        {
            throw new FlagException(e.Message);
        }

        return flag.IsImmediate;
    }

    private Flag Find(Token token, out bool negated)
    {
        negated = false;
        if (token.Kind == TokenKind.Short)
        {
            return table.Find(flag => token.Text.Length == 1 && flag.Short == token.Text[0])
                ?? throw new FlagException($"unknown short flag '-{token.Text}'");
        }

        Flag? found = table.Find(flag => flag.Name == token.Text);
        if (found is null && token.Text.StartsWith("no-", StringComparison.Ordinal))
        {
            negated = true;
            found = table.Find(flag => flag.IsSwitch && flag.Name == token.Text[3..]);
        }

        return found ?? throw new FlagException($"unknown long flag '--{token.Text}'");
    }
}
