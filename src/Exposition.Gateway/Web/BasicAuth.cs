using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Exposition.Gateway.Web;

/// <summary>What became of credentials.</summary>
internal enum AuthVerdict
{
    Good,
    Bad,

    /// <summary>Too many unknown credentials wait to be checked.</summary>
    Busy,
}

// bcrypt is slow on purpose. Each check runs on a thread of its own, a few at a time, so that neither the I/O threads nor the pool wait for it; equal
// credentials that come at once share one check. Outcomes are kept under a keyed digest of the header, whose key is random and lives only
// here. Good and bad outcomes are kept apart, so that guessing does not push the good ones out. Tables are bounded: a full one is emptied.
// The digest costs as much as a fifth of a small push. So the first few good headers are also kept as they came, as the buffers are in which
// requests are received, and compared in equal time.

/// <summary>Checks Basic credentials against bcrypt hashes. Safe for concurrent use.</summary>
internal sealed class BasicAuth(IReadOnlyDictionary<string, string> users) : IDisposable
{
    private const int MaxKept = 1000;
    private const int MaxWaiting = 256;
    private const int MaxFirst = 8;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<Digest, bool> _good = new();
    private readonly ConcurrentDictionary<Digest, bool> _bad = new();
    private readonly ConcurrentDictionary<Digest, Lazy<Task<bool>>> _running = new();
    private readonly SemaphoreSlim _turn = new(Math.Max(1, Environment.ProcessorCount / 2));

    // Unknown users are checked against this one, in vain: it takes as long as a known user's wrong password.
    private readonly string _costliest = users.Values.MaxBy(BcryptHash.Cost) ?? "";

    private byte[][] _first = [];

    /// <summary>The hashes.</summary>
    public IReadOnlyDictionary<string, string> Users => users;

    /// <summary>Whether these very bytes of a header were found good before. Cheap.</summary>
    public bool IsKnownGood(ReadOnlySpan<byte> header)
    {
        byte[][] first = Volatile.Read(ref _first);
        foreach (byte[] good in first)
        {
            if (CryptographicOperations.FixedTimeEquals(good, header))
            {
                return true;
            }
        }

        if (header.IsEmpty || !_good.ContainsKey(DigestOf(header)))
        {
            return false;
        }

        if (first.Length < MaxFirst)
        {
            // Whoever comes second in a race is asked for again.
            Interlocked.CompareExchange(ref _first, [.. first, header.ToArray()], first);
        }

        return true;
    }

    /// <summary>Checks the value of an Authorization header.</summary>
    public async ValueTask<AuthVerdict> CheckAsync(string header)
    {
        if (!BasicCredentials.TryParse(header, out BasicCredentials credentials))
        {
            return AuthVerdict.Bad;
        }

        Digest digest = DigestOf(Encoding.UTF8.GetBytes(header));
        if (_good.ContainsKey(digest))
        {
            return AuthVerdict.Good;
        }

        if (_bad.ContainsKey(digest))
        {
            return AuthVerdict.Bad;
        }

        if (_running.Count >= MaxWaiting)
        {
            return AuthVerdict.Busy;
        }

        Lazy<Task<bool>> check = _running.GetOrAdd(digest, d => new Lazy<Task<bool>>(() => VerifyAsync(d, credentials)));
        return await check.Value ? AuthVerdict.Good : AuthVerdict.Bad;
    }

    public void Dispose() => _turn.Dispose();

    private static void Keep(ConcurrentDictionary<Digest, bool> table, Digest digest)
    {
        if (table.Count >= MaxKept)
        {
            table.Clear();
        }

        table[digest] = true;
    }

    private Digest DigestOf(ReadOnlySpan<byte> header)
    {
        Digest digest = default;
        HMACSHA256.HashData(_key, header, MemoryMarshal.AsBytes(new Span<Digest>(ref digest)));
        return digest;
    }

    private async Task<bool> VerifyAsync(Digest digest, BasicCredentials credentials)
    {
        await _turn.WaitAsync();
        try
        {
            bool known = users.TryGetValue(credentials.User, out string? hash);
            bool good = await Task.Factory.StartNew(() => Verify(credentials.Password, hash ?? _costliest) && known,
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Keep(good ? _good : _bad, digest);
            return good;
        }
        finally
        {
            _turn.Release();
            _running.TryRemove(digest, out _);
        }
    }

    private static bool Verify(string password, string hash)
    {
        try
        {
            return BCrypt.Net.BCrypt.Verify(password, hash);
        }
        catch (Exception e) when (e is BCrypt.Net.SaltParseException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>32 bytes.</summary>
    private readonly record struct Digest(long A, long B, long C, long D);
}
