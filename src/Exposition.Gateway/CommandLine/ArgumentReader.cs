using Exposition.Formats.Go;

namespace Exposition.Gateway.CommandLine;

// Rules (those of the Pushgateway's flag library): "--" ends the flags; "--name", "--name=value", "-x"; an argument "@file" is replaced by
// the file's lines, blank ones and those that start with # left out; a value stands after "=" or is the next argument, if that is not a
// flag.

/// <summary>What an argument is.</summary>
internal enum TokenKind
{
    End,
    Long,
    Short,
    Value,
}

/// <summary>A piece of the command line.</summary>
internal readonly record struct Token(TokenKind Kind, string Text);

/// <summary>Cuts arguments into tokens.</summary>
internal sealed class ArgumentReader(IEnumerable<string> arguments)
{
    private const int MostCharacters = 1 << 20;

    private readonly LinkedList<string> _rest = new(arguments);
    private readonly Stack<Token> _pushed = new();
    private bool _flagsEnded;

    /// <summary>Looks at the next token.</summary>
    public Token Peek()
    {
        if (_pushed.Count == 0)
        {
            _pushed.Push(Read());
        }

        return _pushed.Peek();
    }

    /// <summary>Takes the next token.</summary>
    public Token Next() => _pushed.TryPop(out Token token) ? token : Read();

    private Token Read()
    {
        while (_rest.First is { } first)
        {
            string argument = first.Value;
            _rest.RemoveFirst();
            if (_flagsEnded)
            {
                return new Token(TokenKind.Value, argument);
            }

            if (argument == "--")
            {
                _flagsEnded = true;
            }
            else if (argument.StartsWith("--", StringComparison.Ordinal))
            {
                return ReadLong(argument[2..]);
            }
            else if (argument.StartsWith('-'))
            {
                return ReadShort(argument[1..]);
            }
            else if (argument.StartsWith('@'))
            {
                Include(argument[1..]);
            }
            else
            {
                return new Token(TokenKind.Value, argument);
            }
        }

        return new Token(TokenKind.End, "");
    }

    private Token ReadLong(string flag)
    {
        int equals = flag.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            return new Token(TokenKind.Long, flag);
        }

        _pushed.Push(new Token(TokenKind.Value, flag[(equals + 1)..]));
        return new Token(TokenKind.Long, flag[..equals]);
    }

    private Token ReadShort(string letters)
    {
        if (letters.Length > 1)
        {
            _rest.AddFirst("-" + letters[1..]);
        }

        return new Token(TokenKind.Short, letters.Length > 0 ? letters[..1] : "");
    }

    private void Include(string path)
    {
        List<string> lines;
        try
        {
            lines = ReadLines(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FlagException($"failed to open arguments file {GoQuote.Text(path)}: open {path}: no such file or directory");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlagException($"failed to open arguments file {GoQuote.Text(path)}: {e.Message}");
        }

        foreach (string line in Enumerable.Reverse(lines))
        {
            if (line.Length > 0 && !line.StartsWith('#'))
            {
                _rest.AddFirst(line);
            }
        }
    }

    // A device may have no end.
    private static List<string> ReadLines(string path)
    {
        using var file = new StreamReader(path);
        char[] text = new char[MostCharacters + 1];
        int length = file.ReadBlock(text);
        if (length > MostCharacters)
        {
            throw new IOException($"longer than {MostCharacters} characters");
        }

        var lines = new List<string>();
        using var rows = new StringReader(new string(text, 0, length));
        while (rows.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
