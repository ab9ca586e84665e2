using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Exposition.Kestrel;
using Exposition.Kestrel.Pacing;

namespace Exposition.Gateway.Web;

/// <summary>What became of credentials.</summary>
internal enum AuthVerdict
{
    Good,
    Bad,

    /// <summary>Too many unknown credentials wait to be checked.</summary>
    Busy,
}

// bcrypt is slow on purpose. Checks run on a few threads of their own, so that neither the I/O threads nor the pool wait for them, and
// clients take turns there; equal credentials that come at once share one check. Outcomes are kept under a keyed digest of the header,
// whose key is random and lives only here. Good and bad outcomes are kept apart, so that guessing does not push the good ones out. Tables
// are bounded: a full one is emptied. Behind one address may be both who guesses and who knows: a guess is new each time, but an honest
// client that was turned away comes again with the same. So those that come again have turns of their own. The digest costs as much as a
// fifth of a small push. So the first few good headers are also kept as they came, as the buffers are in which requests are received, and
// compared in equal time.

/// <summary>Checks Basic credentials against bcrypt hashes. Safe for concurrent use.</summary>
/// <param name="users">The hashes.</param>
/// <param name="mostWaiting">How many checks may wait for their turn; 0 for any number.</param>
internal sealed class BasicAuth(IReadOnlyDictionary<string, string> users, int mostWaiting)
{
    private const int MaxKept = 1000;
    private const int MaxFirst = 8;
    private const int TurnedAwaySlots = 1 << 16;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<Digest, string> _good = new();
    private readonly ConcurrentDictionary<Digest, string> _bad = new();
    private readonly ConcurrentDictionary<Digest, Lazy<Task<AuthVerdict>>> _running = new();
    private readonly FairWorkers _workers = new(
        "password check", Math.Max(1, Environment.ProcessorCount / 2), mostWaiting, TimeProvider.System);

    // Unknown users are checked against this one, in vain: it takes as long as a known user's wrong password.
    private readonly string _costliest = users.Values.MaxBy(BcryptHash.Cost) ?? "";

    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _names =
        users.Keys.ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    // Of fixed size: digests overwrite each other, so a flood makes it forget and not grow.
    private long[]? _turnedAway;
    private (byte[] Header, string User)[] _first = [];

    /// <summary>How many checks wait for their turn.</summary>
    public int Waiting => _workers.Waiting;

    /// <summary>The hashes.</summary>
    public IReadOnlyDictionary<string, string> Users => users;

    /// <summary>The user of that name, always the same object; null if there is none.</summary>
    public string? NameOf(ReadOnlySpan<char> name) => _names.TryGetValue(name, out string? user) ? user : null;

    /// <summary>Whether these very bytes of a header were found good before. Cheap.</summary>
    public bool IsKnownGood(ReadOnlySpan<byte> header) => KnownGood(header) is not null;

    /// <summary>Whose these very bytes of a header are, if they were found good before. Cheap.</summary>
    /// <returns>The user's name, or null.</returns>
    public string? KnownGood(ReadOnlySpan<byte> header)
    {
        (byte[] Header, string User)[] first = Volatile.Read(ref _first);
        foreach ((byte[] good, string name) in first)
        {
            if (CryptographicOperations.FixedTimeEquals(good, header))
            {
                return name;
            }
        }

        if (header.IsEmpty || !_good.TryGetValue(DigestOf(header), out string? user))
        {
            return null;
        }

        if (first.Length < MaxFirst)
        {
            // Whoever comes second in a race is asked for again.
            Interlocked.CompareExchange(ref _first, [.. first, (header.ToArray(), user)], first);
        }

        return user;
    }

    /// <summary>Checks the value of an Authorization header.</summary>
    /// <param name="header">The value.</param>
    /// <param name="client">Who sends it.</param>
    public async ValueTask<AuthVerdict> CheckAsync(string header, ClientAddress client)
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

        Lazy<Task<AuthVerdict>> check = _running.GetOrAdd(
            digest, d => new Lazy<Task<AuthVerdict>>(() => VerifyAsync(d, credentials, client)));
        return await check.Value;
    }

    private static void Keep(ConcurrentDictionary<Digest, string> table, Digest digest, string user)
    {
        if (table.Count >= MaxKept)
        {
            table.Clear();
        }

        table[digest] = user;
    }

    private Digest DigestOf(ReadOnlySpan<byte> header)
    {
        Digest digest = default;
        HMACSHA256.HashData(_key, header, MemoryMarshal.AsBytes(new Span<Digest>(ref digest)));
        return digest;
    }

    private async Task<AuthVerdict> VerifyAsync(Digest digest, BasicCredentials credentials, ClientAddress client)
    {
        int slot = (int)(digest.A & (TurnedAwaySlots - 1));
        bool again = _turnedAway is { } table && table[slot] == digest.B;
        bool known = users.TryGetValue(credentials.User, out string? hash);
        bool good = false;
        try
        {
            if (await _workers.RunAsync((client, again), Timeout.InfiniteTimeSpan,
                () => good = Verify(credentials.Password, hash ?? _costliest) && known) == TurnOutcome.Done)
            {
                Keep(good ? _good : _bad, digest, good ? credentials.User : "");
                return good ? AuthVerdict.Good : AuthVerdict.Bad;
            }

            LazyInitializer.EnsureInitialized(ref _turnedAway, static () => new long[TurnedAwaySlots])[slot] = digest.B;
            return AuthVerdict.Busy;
        }
        finally
        {
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
