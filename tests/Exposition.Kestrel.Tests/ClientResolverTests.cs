using System.Net;
using System.Net.Sockets;
using System.Text;
using Exposition.Kestrel.Clients;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Tests;

public class ClientResolverTests
{
    private static readonly IPNetwork[] s_trusted = [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("2001:db8:1::/48"), IPNetwork.Parse("::ffff:192.0.2.0/120")];
    private static readonly ClientResolver s_clients = new(s_trusted);
    private static readonly string[] s_addresses =
        ["10.0.0.1", "10.255.0.9", "192.0.2.7", "203.0.113.5", "8.8.8.8", "2001:db8:1::5", "2001:db8:2:3::5", "2001:db8:2:3::6", "::1",
            "::ffff:10.1.1.1", "::ffff:9.9.9.9"];

    private static readonly string[] s_garbage =
        ["unknown", "_hidden", "10.0.0", "10.0.0.01", "0x0a.0.0.1", "167772161", "10.0.0.1:", "10.0.0.1:99x", "10.0.0.1:123456",
            "[10.0.0.1]", "[::1", "::1]", "[::1]x", "fe80::1%eth0", "10.0.0.1/8", "a b", "\u00e4"];

    [Theory]
    [InlineData("203.0.113.5", "", "203.0.113.5")]
    [InlineData("203.0.113.5", "8.8.8.8", "203.0.113.5")]
    [InlineData("::ffff:203.0.113.5", "8.8.8.8", "203.0.113.5")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("10.0.0.1", "8.8.8.8", "8.8.8.8")]
    [InlineData("::ffff:10.0.0.1", "8.8.8.8", "8.8.8.8")]
    [InlineData("192.0.2.200", "8.8.8.8", "8.8.8.8")]
    [InlineData("10.0.0.1", "1.1.1.1, 8.8.8.8 ,10.0.0.2,\t10.0.0.3", "8.8.8.8")]
    [InlineData("10.0.0.1", "10.0.0.4,10.0.0.3", "10.0.0.4")]
    [InlineData("10.0.0.1", "8.8.8.8:4711", "8.8.8.8")]
    [InlineData("10.0.0.1", "[2001:db8:2:3::5]:4711", "2001:db8:2:3::/64")]
    [InlineData("10.0.0.1", "[2001:db8:2:3::5]", "2001:db8:2:3::/64")]
    [InlineData("10.0.0.1", "2001:db8:2:3::5", "2001:db8:2:3::/64")]
    [InlineData("2001:db8:1::9", "8.8.8.8", "8.8.8.8")]
    [InlineData("10.0.0.1", "8.8.8.8,, ,", "8.8.8.8")]
    [InlineData("10.0.0.1", "8.8.8.8,unknown", "10.0.0.1")]
    [InlineData("10.0.0.1", "8.8.8.8,unknown,10.0.0.2", "10.0.0.2")]
    [InlineData("", "8.8.8.8", "8.8.8.8")]
    [InlineData("", "", "local")]
    public void TheRightmostAddressThatIsNotTrustedIsTheClient(string peer, string forwardedFor, string client)
    {
        EndPoint endPoint = peer.Length > 0 ? new IPEndPoint(IPAddress.Parse(peer), 1) : new UnixDomainSocketEndPoint("/a");
        Assert.Equal(client, s_clients.Of(endPoint, forwardedFor).ToString());
    }

    [Fact]
    public void WithoutTrustedProxiesNobodyIsBelievedButAUnixSocket()
    {
        var clients = new ClientResolver([]);
        Assert.All((string[])["127.0.0.1", "10.0.0.1", "::1"],
            peer => Assert.False(clients.Believes(new IPEndPoint(IPAddress.Parse(peer), 1))));
        Assert.True(clients.Believes(new UnixDomainSocketEndPoint("/a")));
        Assert.False(clients.Believes(null));
        Assert.Equal(default, clients.Of(null, "8.8.8.8"));
    }

    [Fact]
    public void AnIPv6NetworkOf64BitsIsOneClient()
    {
        Assert.Equal(ClientAddress.Of(IPAddress.Parse("2001:db8::1")), ClientAddress.Of(IPAddress.Parse("2001:db8::ffff:0:0:2")));
        Assert.NotEqual(ClientAddress.Of(IPAddress.Parse("2001:db8::1")), ClientAddress.Of(IPAddress.Parse("2001:db8:0:1::1")));
        Assert.NotEqual(ClientAddress.Of(IPAddress.Parse("::1")), default);
        Assert.NotEqual(ClientAddress.Of(IPAddress.Any), ClientAddress.Of(IPAddress.IPv6Any));
        Assert.Equal(ClientAddress.Of(IPAddress.Parse("1.2.3.4")), ClientAddress.Of(IPAddress.Parse("::ffff:1.2.3.4")));
        Assert.Equal("2001:db8::/64", ClientAddress.Of(IPAddress.Parse("2001:db8::1")).ToString());
    }

    [Fact]
    public void GarbageIsNoEntry() => Assert.All(s_garbage, static entry => Assert.False(ForwardedFor.TryReadEntry(entry, out _), entry));

    /// <summary>
    /// Against the rule as it is written down: the list reversed, garbage and what is behind it cut off, the first that is not trusted,
    /// else the last.
    /// </summary>
    [Property(MaxTest = 2000)]
    public Property AnyListIsReadByTheRule() => Prop.ForAll(Lists(), static list =>
    {
        IPAddress? client = IPAddress.Parse("10.9.9.9");
        foreach ((string address, _) in list.AsEnumerable().Reverse())
        {
            if (!IPAddress.TryParse(address, out IPAddress? parsed) || s_garbage.Contains(address))
            {
                break;
            }

            client = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
            if (!client.ToString().StartsWith("10.", StringComparison.Ordinal)
                && !client.ToString().StartsWith("192.0.2.", StringComparison.Ordinal)
                && !client.ToString().StartsWith("2001:db8:1:", StringComparison.Ordinal))
            {
                break;
            }
        }

        Assert.Equal(ClientAddress.Of(client),
            s_clients.Of(new IPEndPoint(IPAddress.Parse("10.9.9.9"), 1), string.Join(", ", list.Select(static e => e.Written))));
    });

    /// <summary>One line or several, at either door: the same client.</summary>
    [Property(MaxTest = 1000)]
    public Property BothDoorsAgree() => Prop.ForAll(Lists(), Gen.Elements(1, 2, 3).ToArbitrary(), static (list, each) =>
    {
        string[] lines = [.. list.Select(static e => e.Written).Chunk(each).Select(static chunk => string.Join(',', chunk))];
        string head = "PUT /metrics/job/a HTTP/1.1\r\nX-Forwarded-For-Not: 7.7.7.7\r\n"
            + string.Concat(lines.Select((line, i) => (i % 2 == 0 ? "X-Forwarded-For: " : "x-forwarded-for:\t") + line + "\r\nHost: h\r\n"))
                + "\r\n";
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("::ffff:10.9.9.9");
        context.Request.Headers["X-Forwarded-For"] = lines;
        var peer = new IPEndPoint(IPAddress.Parse("::ffff:10.9.9.9"), 1);
        Assert.Equal(s_clients.Of(context), s_clients.Of(peer, ForwardedFor.In(Encoding.Latin1.GetBytes(head))));

        context.Connection.RemoteIpAddress = IPAddress.Parse("8.8.8.8");
        Assert.Equal("8.8.8.8", s_clients.Of(context).ToString());
        context.Connection.RemoteIpAddress = null;
        Assert.Equal("local", s_clients.Of(context).ToString());
        context.Features.Set<IConnectionEndPointFeature>(new AtUnixSocket());
        Assert.Equal(
            s_clients.Of(new UnixDomainSocketEndPoint("/a"), ForwardedFor.In(Encoding.Latin1.GetBytes(head))), s_clients.Of(context));
    });

    private static Arbitrary<List<(string Address, string Written)>> Lists() =>
        Gen.Frequency(
            (8, Gen.Elements(s_addresses)
                .SelectMany(static address => Gen.Elements("", ":1", "[]", "[]:65535").Select(form => (address, Write(address, form))))),
            (1, Gen.Elements(s_garbage).Select(static garbage => (garbage, garbage)))).ListOf().Select(static list => list.ToList())
                .ToArbitrary();

    private static string Write(string address, string form) =>
        address.Contains(':', StringComparison.Ordinal)
            ? (form.StartsWith('[') ? $"[{address}]{form[2..]}" : address)
            : address + form.Replace("[]", "", StringComparison.Ordinal);

    private sealed class AtUnixSocket : IConnectionEndPointFeature
    {
        public EndPoint? LocalEndPoint { get; set; }

        public EndPoint? RemoteEndPoint { get; set; } = new UnixDomainSocketEndPoint("/a");
    }
}
