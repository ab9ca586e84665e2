using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Exposition.Replication.Nats;
using NATS.NKeys;

namespace Exposition.Replication.Tests.Nats;

/// <summary>Each way to show a server who one is, with a real server.</summary>
public sealed class NatsCredentialsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("exposition-nats-credentials");

    public void Dispose() => _folder.Delete(recursive: true);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string FileOf(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static async Task OpensAsync(NatsServer server, Action<NatsReplicationOptions> change)
    {
        await using var log = Log(server, change);
        var appended = await OpenAndAppendAsync(log);
        Assert.Equal(AppendOutcome.Committed, appended.Outcome);
    }

    private static async Task<Appended> OpenAndAppendAsync(NatsGroupLog log)
    {
        await log.OpenAsync(Stop);
        return await log.AppendAsync(new LogEntry("g.a", new OperationId(Guid.NewGuid(), 1), 1, default), null, null, Stop);
    }

    private static NatsGroupLog Log(NatsServer server, Action<NatsReplicationOptions> change)
    {
        var options = NatsEngine.Options(server.Port);
        change(options);
        return new NatsGroupLog(options);
    }

    private static async Task RefusedAsync(NatsServer server, Action<NatsReplicationOptions> change)
    {
        await using var log = Log(server, change);
        var refused = await Assert.ThrowsAsync<LogUnusableException>(async () => await log.OpenAsync(Stop));
        Assert.Contains("the engine refuses this node", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_s_password_comes_from_a_file_which_may_end_with_a_line()
    {
        await using var server = await NatsServer.StartAsync("""authorization { user: gateway, password: "s3cret" }""");
        var right = FileOf("right", "s3cret\n");
        var wrong = FileOf("wrong", "s3cret\n\n");
        await OpensAsync(server, o => (o.UserName, o.PasswordFile) = ("gateway", right));
        await RefusedAsync(server, o => (o.UserName, o.PasswordFile) = ("gateway", wrong));
        await RefusedAsync(server, static _ => { });
    }

    [Fact]
    public async Task A_token_comes_from_a_file()
    {
        await using var server = await NatsServer.StartAsync("""authorization { token: "t0ken" }""");
        var file = FileOf("token", "t0ken");
        await OpensAsync(server, o => o.TokenFile = file);
        await RefusedAsync(server, o => o.TokenFile = FileOf("other", "other"));
    }

    [Fact]
    public async Task The_seed_of_a_key_comes_from_a_file()
    {
        using var key = KeyPair.CreatePair(PrefixByte.User);
        await using var server = await NatsServer.StartAsync($"authorization {{ users: [ {{ nkey: {key.GetPublicKey()} }} ] }}");
        var file = FileOf("seed", key.GetSeed());
        await OpensAsync(server, o => o.NkeyFile = file);
        using var other = KeyPair.CreatePair(PrefixByte.User);
        await RefusedAsync(server, o => o.NkeyFile = FileOf("other", other.GetSeed()));
        await using var log = Log(server, o => o.NkeyFile = FileOf("public", key.GetPublicKey()));
        var thrown = await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.OpenAsync(Stop));
        Assert.Contains("expected one that begins with SU", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_as_the_engine_s_tools_write_them_come_from_a_file()
    {
        using var signer = KeyPair.CreatePair(PrefixByte.Operator);
        using var account = KeyPair.CreatePair(PrefixByte.Account);
        using var system = KeyPair.CreatePair(PrefixByte.Account);
        using var user = KeyPair.CreatePair(PrefixByte.User);
        const string Unlimited = "\"subs\":-1,\"data\":-1,\"payload\":-1";
        const string Connections = "\"imports\":-1,\"exports\":-1,\"wildcards\":true,\"conn\":-1,\"leaf\":-1";
        const string Storage = "\"mem_storage\":-1,\"disk_storage\":-1,\"streams\":-1,\"consumer\":-1";
        var signed = Token(signer, signer, "operator", "");
        var owned = Token(signer, account, "account", $"\"limits\":{{{Unlimited},{Connections},{Storage}}},");
        var systems = Token(signer, system, "account", $"\"limits\":{{{Unlimited},{Connections}}},");
        var own = Token(account, user, "user", $"{Unlimited},");
        await using var server = await NatsServer.StartAsync(
            $"operator: {signed}\nresolver: MEMORY\nsystem_account: {system.GetPublicKey()}\n"
            + $"resolver_preload: {{ {account.GetPublicKey()}: {owned}, {system.GetPublicKey()}: {systems} }}");
        var file = FileOf("gateway.creds", $"-----BEGIN NATS USER JWT-----\n{own}\n------END NATS USER JWT------\n\n"
            + $"-----BEGIN USER NKEY SEED-----\n{user.GetSeed()}\n------END USER NKEY SEED------\n");
        await OpensAsync(server, o => o.CredentialsFile = file);
        await RefusedAsync(server, static _ => { });
    }

    [Fact]
    public async Task A_file_that_is_not_there_says_so()
    {
        await using var server = await NatsServer.StartAsync("""authorization { token: "t0ken" }""");
        await using var log = Log(server, o => o.TokenFile = Path.Combine(_folder.FullName, "missing"));
        var thrown = await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.OpenAsync(Stop));
        Assert.Contains("missing", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_certificates_both_sides_know_each_other()
    {
        using var authority = Certificate("authority", null);
        using var server = Certificate("engine", authority);
        using var node = Certificate("node", authority);
        var ca = FileOf("ca.pem", authority.ExportCertificatePem());
        string PemOf(X509Certificate2 certificate, string name) => FileOf(name + ".pem", certificate.ExportCertificatePem());
        string KeyOf(X509Certificate2 certificate, string name) =>
            FileOf(name + ".key", certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await using var engine = await NatsServer.StartAsync(
            $"tls {{ cert_file: \"{PemOf(server, "server")}\", key_file: \"{KeyOf(server, "server")}\", "
            + $"ca_file: \"{ca}\", verify: true }}");
        var (pem, key) = (PemOf(node, "node"), KeyOf(node, "node"));

        await OpensAsync(engine, o => (o.CaFile, o.CertificateFile, o.KeyFile, o.ServerName) = (ca, pem, key, "engine"));
        await OpensAsync(engine, o => (o.CaFile, o.CertificateFile, o.KeyFile) = (ca, pem, key));
        foreach (var change in new Action<NatsReplicationOptions>[]
        {
            o => (o.CaFile, o.CertificateFile, o.KeyFile, o.ServerName) = (ca, pem, key, "another"),
            o => (o.CertificateFile, o.KeyFile) = (pem, key),
            o => o.CaFile = ca,
        })
        {
            await using var log = Log(engine, change);
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.OpenAsync(Stop));
        }
    }

    private static X509Certificate2 Certificate(string name, X509Certificate2? authority)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(authority is null, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        if (authority is null)
        {
            return request.CreateSelfSigned(now.AddHours(-1), now.AddHours(2));
        }

        using var made = request.Create(authority, now.AddMinutes(-30), now.AddHours(1), Guid.NewGuid().ToByteArray());
        return made.CopyWithPrivateKey(key);
    }

    // A token of the engine's own kind: signed with the key of who vouches for it.
    private static string Token(KeyPair by, KeyPair of, string type, string more)
    {
        static string Url(ReadOnlyMemory<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes.Span);
        var head = Url(Encoding.ASCII.GetBytes("{\"typ\":\"JWT\",\"alg\":\"ed25519-nkey\"}"));
        var claims = Url(Encoding.ASCII.GetBytes(
            $"{{\"jti\":\"{Guid.NewGuid():N}\",\"iat\":{DateTimeOffset.UtcNow.ToUnixTimeSeconds()},\"iss\":\"{by.GetPublicKey()}\","
            + $"\"name\":\"{type}\",\"sub\":\"{of.GetPublicKey()}\",\"nats\":{{{more}\"type\":\"{type}\",\"version\":2}}}}"));
        var signature = new byte[64];
        by.Sign(Encoding.ASCII.GetBytes($"{head}.{claims}"), signature);
        return $"{head}.{claims}.{Url(signature)}";
    }
}
