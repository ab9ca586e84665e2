using Exposition.Gateway.Replication;
using Exposition.Gateway.Web;
using Exposition.Replication.Nats;

namespace Exposition.Gateway.Tests;

/// <summary>The file of <c>--replication.config.file</c> is strict about its keys, and says where it is wrong.</summary>
public sealed class EngineConfigFileTests
{
    private static NatsReplicationOptions Read(string text)
    {
        var options = new NatsReplicationOptions();
        EngineConfigFile.Read(text, "/etc/pushgateway", options);
        return options;
    }

    [Fact]
    public void Paths_start_from_the_folder_of_the_file()
    {
        NatsReplicationOptions options = Read("""
            credentials_file: gateway.creds
            tls:
              ca_file: ../ssl/ca.pem
              cert_file: node.pem
              key_file: /run/secrets/node.key
              server_name: engine
              required: yes
            """);
        Assert.Equal("/etc/pushgateway/gateway.creds", options.CredentialsFile);
        Assert.Equal("/etc/pushgateway/../ssl/ca.pem", options.CaFile);
        Assert.Equal("/etc/pushgateway/node.pem", options.CertificateFile);
        Assert.Equal("/run/secrets/node.key", options.KeyFile);
        Assert.Equal("engine", options.ServerName);
        Assert.True(options.RequireTls);
        Assert.False(options.InsecureSkipVerify);
    }

    [Fact]
    public void Each_way_to_show_who_one_is_has_its_key()
    {
        Assert.Equal(("/etc/pushgateway/k", ""), (Read("nkey_file: k").NkeyFile, Read("nkey_file: k").TokenFile));
        Assert.Equal("/etc/pushgateway/t", Read("token_file: t").TokenFile);
        NatsReplicationOptions user = Read("username: gateway\npassword_file: p");
        Assert.Equal(("gateway", "/etc/pushgateway/p"), (user.UserName, user.PasswordFile));
        Assert.True(Read("tls: {insecure_skip_verify: true}").InsecureSkipVerify);
        Assert.Equal("", Read("").CredentialsFile);
    }

    [Theory]
    [InlineData("password: s3cret", "yaml: unmarshal errors: line 1: field password not found in type replication")]
    [InlineData("tls:\n  ca: x", "yaml: unmarshal errors: line 2: field ca not found in type replication.tls")]
    [InlineData("tls:\n  cert_file: x", "line 1: cert_file and key_file are expected together")]
    [InlineData("password_file: x", "line 1: username and password_file are expected together")]
    [InlineData("nkey_file: x\ntoken_file: y", "line 1: expected one of credentials_file, nkey_file, username and token_file")]
    [InlineData("tls: yes", "line 1: tls: expected a mapping")]
    [InlineData("tls:\n  required: maybe", "line 2: required: expected true or false")]
    public void What_is_wrong_is_told_with_its_line(string text, string message) =>
        Assert.Equal(message, Assert.Throws<WebConfigException>(() => Read(text)).Message);

    [Fact]
    public void A_file_that_is_not_there_says_so() => Assert.Contains(
        "missing.yml",
        Assert.Throws<WebConfigException>(() => EngineConfigFile.Read("/nowhere/missing.yml", new NatsReplicationOptions())).Message,
        StringComparison.Ordinal);
}
