namespace Exposition.Engine.Scraping;

/// <summary>The bytes of a scrape in one language, piece by piece. Not safe for concurrent use.</summary>
internal abstract class PieceSource
{
    // Bounds the steps that give nothing, so that the caller can yield.
    private const int EmptyAtOnce = 64;

    private ReadOnlyMemory<byte> _pending;

    /// <summary>Fills a buffer, or as much of it as one step of work gives.</summary>
    /// <returns>False when all is written.</returns>
    public bool Fill(Span<byte> into, out int written)
    {
        written = 0;
        for (int empty = 0; empty < EmptyAtOnce && written < into.Length;)
        {
            if (_pending.IsEmpty)
            {
                written += CopyWhole(into[written..]);
                if (!TryNext(out _pending))
                {
                    return false;
                }

                empty += _pending.IsEmpty ? 1 : 0;
                continue;
            }

            int count = Math.Min(into.Length - written, _pending.Length);
            _pending.Span[..count].CopyTo(into[written..]);
            _pending = _pending[count..];
            written += count;
        }

        return true;
    }

    /// <summary>Lets go of what was rendered, and of a piece that was not written to its end: a scrape may have been given up.</summary>
    public virtual void Reset() => _pending = default;

    /// <summary>Writes as many whole pieces as fit, where that is quicker than one by one.</summary>
    /// <returns>Number of bytes.</returns>
    protected virtual int CopyWhole(Span<byte> into) => 0;

    /// <summary>The next piece, valid until the next call; it may be empty, where there was only work.</summary>
    /// <returns>False at the end.</returns>
    protected abstract bool TryNext(out ReadOnlyMemory<byte> piece);
}
