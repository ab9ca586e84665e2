using System.Text;
using Exposition.Gateway.Web;
using Exposition.Kestrel;

namespace Exposition.Gateway.Tests;

public class BasicAuthTests
{
    private static readonly Dictionary<string, string> s_users = new()
    {
        ["ana"] = BCrypt.Net.BCrypt.HashPassword("s3cret:Pass", 4),
        ["bo"] = BCrypt.Net.BCrypt.HashPassword("ümlaut", 5),
    };

    [Theory]
    [InlineData("ana", "s3cret:Pass", true)]
    [InlineData("bo", "ümlaut", true)]
    [InlineData("ana", "ümlaut", false)]
    [InlineData("bo", "", false)]
    [InlineData("nobody", "ümlaut", false)]
    [InlineData("", "", false)]
    public async Task Passwords_are_checked_and_outcomes_kept(string user, string password, bool good)
    {
        var auth = new BasicAuth(s_users, 256);
        string header = Header(user, password);
        Assert.False(auth.IsKnownGood(Encoding.UTF8.GetBytes(header)));
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(good ? AuthVerdict.Good : AuthVerdict.Bad, await auth.CheckAsync(header, default));
            Assert.Equal(good, auth.IsKnownGood(Encoding.UTF8.GetBytes(header)));
        }
    }

    /// <summary>Other bytes than those of the password never get in, and what is kept of them lets nobody in later.</summary>
    [Theory]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    public async Task What_is_no_utf8_is_a_wrong_password(byte[] password)
    {
        string replaced = Encoding.UTF8.GetString(password);
        var auth = new BasicAuth(new Dictionary<string,
            string>
        { ["ana"] = BCrypt.Net.BCrypt.HashPassword(replaced, 4), [replaced] = BCrypt.Net.BCrypt.HashPassword("", 4) }, 256);
        foreach (byte[] credentials in (byte[][])[[.. "ana:"u8, .. password], [.. password, (byte)':']])
        {
            string header = "Basic " + Convert.ToBase64String(credentials);
            Assert.Equal(AuthVerdict.Bad, await auth.CheckAsync(header, default));
            Assert.False(auth.IsKnownGood(Encoding.UTF8.GetBytes(header)));
        }

        Assert.Equal(AuthVerdict.Good, await auth.CheckAsync(Header("ana", replaced), default));
    }

    // The forms that were tried on the reference.
    [Theory]
    [InlineData("", false)]
    [InlineData("Basic", false)]
    [InlineData("Basic !!!", false)]
    [InlineData("Basic YW5h", false)]
    [InlineData("Basic YTpi", true)]
    [InlineData("bAsIc YTpi", true)]
    [InlineData("Basic  YTpi", false)]
    [InlineData("Basic YTpi ", false)]
    [InlineData("Basic YTpiYw", false)]
    [InlineData("Bearer YTpi", false)]
    public void Only_the_references_form_is_understood(string header, bool understood) =>
        Assert.Equal(understood, BasicCredentials.TryParse(header, out _));

    [Fact]
    public async Task Equal_credentials_share_a_check_and_a_flood_of_unknown_ones_is_bounded()
    {
        var auth = new BasicAuth(s_users, 256);
        AuthVerdict[] shared = await Task.WhenAll(
            Enumerable.Range(0, 1000).Select(_ => auth.CheckAsync(Header("ana", "s3cret:Pass"), default).AsTask()));
        Assert.All(shared, static verdict => Assert.Equal(AuthVerdict.Good, verdict));

        Task<AuthVerdict>[] flood = [
            .. Enumerable.Range(0, 400).Select(i => auth.CheckAsync(Header("ana", "guess" + i), default).AsTask())];
        Assert.Contains(AuthVerdict.Busy, await Task.WhenAll(flood));
        Assert.Equal(AuthVerdict.Good, await auth.CheckAsync(Header("ana", "s3cret:Pass"), default));
        Assert.True(auth.IsKnownGood(Encoding.UTF8.GetBytes(Header("ana", "s3cret:Pass"))));
    }

    [Fact]
    public async Task A_flood_of_guesses_does_not_turn_others_away()
    {
        var auth = new BasicAuth(s_users, 10);
        ClientAddress flood = ClientAddress.Of(System.Net.IPAddress.Parse("192.0.2.1"));
        Task<AuthVerdict>[] guesses = [.. Enumerable.Range(0, 50).Select(i => auth.CheckAsync(Header("ana", "guess" + i), flood).AsTask())];
        Task<AuthVerdict> honest = auth.CheckAsync(Header("ana", "s3cret:Pass"), ClientAddress.Of(System.Net.IPAddress.Parse("192.0.2.2")))
            .AsTask();
        guesses = [.. guesses, .. Enumerable.Range(50, 50).Select(i => auth.CheckAsync(Header("ana", "guess" + i), flood).AsTask())];
        Assert.Equal(AuthVerdict.Good, await honest);
        Assert.Contains(AuthVerdict.Busy, await Task.WhenAll(guesses));
    }

    /// <summary>
    /// From one address, as behind Kubernetes: guesses are new each time, an honest client comes again with the same and then gets in.
    /// </summary>
    [Fact]
    public async Task Who_comes_again_gets_in_beside_a_flood_from_the_same_address()
    {
        var auth = new BasicAuth(new Dictionary<string, string> { ["ana"] = BCrypt.Net.BCrypt.HashPassword("p", 8) }, 5);
        using var end = new CancellationTokenSource();
        int guessed = 0;
        Task[] flood = [.. Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await auth.CheckAsync(Header("ana", "guess" + Interlocked.Increment(ref guessed)), default);
            }
        }))];
        while (Volatile.Read(ref guessed) < 100)
        {
            await Task.Yield();
        }

        int tries = 0;
        AuthVerdict verdict;
        do
        {
            verdict = await auth.CheckAsync(Header("ana", "p"), default);
        }
        while (++tries < 5 && verdict == AuthVerdict.Busy);

        await end.CancelAsync();
        await Task.WhenAll(flood);
        Assert.Equal(AuthVerdict.Good, verdict);
        Assert.InRange(tries, 1, 3);
    }

    [Fact]
    public async Task Many_users_are_known_and_knowing_them_allocates_nothing()
    {
        string hash = BCrypt.Net.BCrypt.HashPassword("p", 4);
        var auth = new BasicAuth(Enumerable.Range(0, 20).ToDictionary(static i => "user" + i, _ => hash), 0);
        byte[][] good = [.. Enumerable.Range(0, 20).Select(static i => Encoding.UTF8.GetBytes(Header("user" + i, "p")))];
        foreach (byte[] header in good)
        {
            Assert.Equal(AuthVerdict.Good, await auth.CheckAsync(Encoding.UTF8.GetString(header), default));
        }

        Assert.All(good, header => Assert.True(auth.IsKnownGood(header)));

        // What happens once (code that is compiled anew) may fall into a round, but not into each.
        Assert.Contains(Enumerable.Range(0, 10), _ =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (byte[] header in good)
            {
                Assert.True(auth.IsKnownGood(header));
            }

            return GC.GetAllocatedBytesForCurrentThread() == before;
        });
        Assert.False(auth.IsKnownGood(good[0].AsSpan(1)));
        Assert.False(auth.IsKnownGood([.. good[0][..^1], (byte)'x']));
        Assert.False(auth.IsKnownGood([]));
    }

    [Fact]
    public void A_bucket_gives_its_burst_and_then_one_per_interval()
    {
        var time = new ManualTime();
        var bucket = new TokenBucket(new RateLimit(TimeSpan.FromSeconds(2), 3), time);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => bucket.TryTake()));
        time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(bucket.TryTake());
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal([true, false], [bucket.TryTake(), bucket.TryTake()]);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => bucket.TryTake()));
        Assert.Equal(2, bucket.RetryAfterSeconds);
    }

    private static string Header(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":" + password));
}
