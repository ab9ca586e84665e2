using Exposition.Gateway.Web;
using Exposition.Replication.Nats;

namespace Exposition.Gateway.Replication;

// What may be secret stands in files of its own, which this one names; they are read at each connection.

/// <summary>Reads the file of <c>--replication.config.file</c>: how to show the engine who one is, and how to know it.</summary>
internal static class EngineConfigFile
{
    /// <summary>Puts what the file says into options; paths in it start from its folder.</summary>
    /// <exception cref="WebConfigException">It cannot be read, or is wrong.</exception>
    public static void Read(string path, NatsReplicationOptions into)
    {
        string full = Path.GetFullPath(path);
        Read(WebConfigFile.ReadText(full), Path.GetDirectoryName(full)!, into);
    }

    /// <summary>The same of a text.</summary>
    public static void Read(string text, string folder, NatsReplicationOptions into)
    {
        YamlSection root = YamlSection.Parse(text, "replication");
        YamlSection tls = root.Section("tls", "replication.tls");
        string FileOf(YamlSection section, string key) => section.Text(key) is { Length: > 0 } name ? Path.Combine(folder, name) : "";

        into.CredentialsFile = FileOf(root, "credentials_file");
        into.NkeyFile = FileOf(root, "nkey_file");
        into.UserName = root.Text("username");
        into.PasswordFile = FileOf(root, "password_file");
        into.TokenFile = FileOf(root, "token_file");
        into.CaFile = FileOf(tls, "ca_file");
        into.CertificateFile = FileOf(tls, "cert_file");
        into.KeyFile = FileOf(tls, "key_file");
        into.ServerName = tls.Text("server_name");
        into.RequireTls = tls.Bool("required", missing: false);
        into.InsecureSkipVerify = tls.Bool("insecure_skip_verify", missing: false);
        tls.RefuseOthers();
        root.RefuseOthers();
        Check(root, tls, into);
    }

    // The same as the options check, but where it stands.
    private static void Check(YamlSection root, YamlSection tls, NatsReplicationOptions into)
    {
        if (into.CertificateFile.Length > 0 != into.KeyFile.Length > 0)
        {
            throw tls.Fault("cert_file and key_file are expected together");
        }

        if (into.UserName.Length > 0 != into.PasswordFile.Length > 0)
        {
            throw root.Fault("username and password_file are expected together");
        }

        string[] ways = [into.CredentialsFile, into.NkeyFile, into.UserName, into.TokenFile];
        if (ways.Count(static way => way.Length > 0) > 1)
        {
            throw root.Fault("expected one of credentials_file, nkey_file, username and token_file");
        }
    }
}
