using Exposition.Gateway.Listening;

namespace Exposition.Gateway.Tests;

public class ListenAddressTests
{
    [Theory]
    [InlineData(":9091", null, 9091)]
    [InlineData("127.0.0.1:1", "127.0.0.1", 1)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("0.0.0.0:0", "0.0.0.0", 0)]
    [InlineData("localhost:5", "127.0.0.1", 5)]
    public void Addresses_are_read_as_in_go(string text, string? host, int port)
    {
        Assert.Equal(host, ListenAddress.Parse(text, out int actual)?.ToString());
        Assert.Equal(port, actual);
    }

    [Theory]
    [InlineData("foo", "listen tcp: address foo: missing port in address")]
    [InlineData("[::1]", "listen tcp: address [::1]: missing port in address")]
    [InlineData("::1:80", "listen tcp: address ::1:80: too many colons in address")]
    [InlineData("127.0.0.1:foo", "listen tcp: lookup tcp/foo: unknown port")]
    [InlineData("127.0.0.1:99999", "listen tcp: address 99999: invalid port")]
    public void Errors_have_the_words_of_the_reference(string text, string expected) =>
        Assert.Equal(expected, Assert.Throws<ListenException>(() => ListenAddress.Parse(text, out _)).Message);
}
