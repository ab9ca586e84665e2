using System.Text;
using Exposition.Gateway.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Gateway.Tests;

/// <summary>Names of configured users are known by what a request carries; no others are ever shown.</summary>
public sealed class UserNamesTests
{
    [Theory]
    [InlineData("ana", "Basic YW5hOnMzY3JldA==")]
    [InlineData("ana", "bAsIc YW5hOg==")]
    [InlineData("Zoë", "Basic Wm/DqzpwOnE=")]
    [InlineData(null, "")]
    [InlineData(null, "Basic ")]
    [InlineData(null, "Bearer YW5hOnMzY3JldA==")]
    [InlineData(null, "Basic YW5h")]
    [InlineData(null, "Basic YW5hOnMzY3JldA=")]
    [InlineData(null, "Basic Ym86eA==")]
    [InlineData(null, "Basic //86eA==")]
    public async Task They_are_those_of_the_web_configuration(string? expected, string header)
    {
        string file = Path.GetTempFileName();
        try
        {
            string hash = BCrypt.Net.BCrypt.HashPassword("s3cret", 4);
            await File.WriteAllTextAsync(file, $"basic_auth_users:\n  ana: {hash}\n  Zoë: {hash}\n", TestContext.Current.CancellationToken);
            await using WebConfigFile web = WebConfigFile.Open(file, 16, NullLogger.Instance);
            var names = new UserNames(web);
            byte[] bytes = Encoding.ASCII.GetBytes(header);
            Assert.Equal(expected, names.Of(bytes));
            long least = long.MaxValue;
            for (int round = 0; round < 20 && least > 0; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                names.Of(bytes);
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            Assert.Equal(0, least);
            Assert.Null(names.Of([.. "Basic "u8, .. Enumerable.Repeat((byte)'Y', 4000)]));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
