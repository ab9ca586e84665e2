using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Exposition.Gateway.Hosting;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Web;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Tests;

/// <summary>Reloads that are asked for, and what the operator is told of a web configuration that is not in order.</summary>
public sealed class ReloadTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("exposition-reload").FullName;
    private readonly MemoryStream _written = new();
    private readonly LineLoggerProvider _lines;
    private readonly ILogger _logger;
    private readonly StoppedTime _time = new();

    public ReloadTests()
    {
        _lines = new LineLoggerProvider(LogTo.Stream(_written), LogFormat.Logfmt, _time, new LogBudget(_time));
        _logger = _lines.CreateLogger("Exposition.Gateway");
    }

    private string File => Path.Combine(_folder, "web.yml");

    private string Log => Encoding.UTF8.GetString(_written.ToArray());

    public void Dispose()
    {
        _lines.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task What_is_in_order_is_in_force_at_once_and_what_is_not_leaves_the_one_before()
    {
        Write("http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
        await using WebConfigFile web = WebConfigFile.Open(File, 16, _logger);
        using var reloads = new Reloads(_logger);
        reloads.Start(web);
        Assert.Empty(Conditions(web));

        Write("http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n");
        Assert.Equal(new ReloadOutcome(true, null), reloads.Reload("SIGHUP"));
        Assert.Equal("sameorigin", web.State.Config.Headers["X-Frame-Options"]);
        Assert.Contains($"level=info msg=\"web configuration reloaded\" file={File} by=SIGHUP\n", Log, StringComparison.Ordinal);

        Write("nonsense: [\n");
        ReloadOutcome refused = reloads.Reload("request");
        Assert.True(refused.HasConfig);
        Assert.NotNull(refused.Error);
        Assert.Equal("sameorigin", web.State.Config.Headers["X-Frame-Options"]);
        Assert.Contains("level=warn msg=\"reload refused, the web configuration before it stays in force\"", Log, StringComparison.Ordinal);
        Condition condition = Assert.Single(Conditions(web));
        Assert.Equal(ConditionTypes.WebConfigRefused, condition.Type);
        Assert.EndsWith(refused.Error, condition.Message, StringComparison.Ordinal);

        System.IO.File.Delete(File);
        Assert.NotNull(reloads.Reload("SIGHUP").Error);
        Write("http_server_config:\n  headers:\n    X-Frame-Options: deny\n");
        Assert.Null(reloads.Reload("SIGHUP").Error);
        Assert.Empty(Conditions(web));
    }

    [Fact]
    public void Without_a_web_configuration_it_says_that_there_is_nothing_to_read()
    {
        using var reloads = new Reloads(_logger);
        reloads.Reload("SIGHUP");
        Assert.Contains("level=info msg=\"signal ignored\" signal=SIGHUP\n", Log, StringComparison.Ordinal);
        reloads.Start(null);
        Assert.Equal(default, reloads.Reload("SIGHUP"));
        Assert.Contains("level=info msg=\"nothing to reload: there is no web configuration (--web.config.file)\" by=SIGHUP\n", Log,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, null)]
    [InlineData(6, "the certificate for TLS expires at 2026-01-08T03:00:00Z")]
    [InlineData(-1, "the certificate for TLS has expired at 2026-01-01T03:00:00Z")]
    public async Task A_certificate_that_ends_within_seven_days_is_told(int days, string? message)
    {
        // The clock stands at 03:04:05 of the second of January, and an hour is what it begins with.
        DateTimeOffset end = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero).AddDays(days);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(end.AddDays(-30), end);
        await System.IO.File.WriteAllTextAsync(Path.Combine(_folder, "pair.pem"),
            signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        Write("tls_server_config:\n  cert_file: pair.pem\n  key_file: pair.pem\n");
        await using WebConfigFile web = WebConfigFile.Open(File, 16, _logger);
        List<Condition> conditions = Conditions(web);
        if (message is null)
        {
            Assert.Empty(conditions);
            return;
        }

        Condition condition = Assert.Single(conditions);
        Assert.Equal((ConditionTypes.CertificateExpiring, message, end.AddDays(-7)), (condition.Type, condition.Message, condition.Since));
    }

    private void Write(string text) => System.IO.File.WriteAllText(File, text);

    private List<Condition> Conditions(WebConfigFile web)
    {
        var found = new List<Condition>();
        new WebConditions(web, _time).Look(found);
        return found;
    }
}
