namespace Exposition.Replication.Nats;

/// <summary>Where the engine is, which stream of it holds the log, and who this node is to it.</summary>
public sealed class NatsReplicationOptions
{
    /// <summary>
    /// The servers of the engine, <c>nats://HOST:PORT</c> or <c>tls://HOST:PORT</c>; at least one. Those that they tell of are found by
    /// themselves. Names and passwords do not belong here: an address that holds some is refused.
    /// </summary>
    public IList<Uri> Servers { get; } = [];

    /// <summary>
    /// The stream that holds the log, which is also the first word of its subjects: letters, digits, hyphens and underscores. The default
    /// is EXPOSITION.
    /// </summary>
    public string Stream { get; set; } = "EXPOSITION";

    /// <summary>
    /// How many servers of the engine keep a copy: 1, 3 or 5; 0 and others are errors. The default is 3. A stream that is there with fewer
    /// is refused.
    /// </summary>
    public int Replicas { get; set; } = 3;

    /// <summary>The name of this node at the engine, for those who look there. The default is that of the machine.</summary>
    public string Node { get; set; } = Environment.MachineName;

    /// <summary>
    /// How long the answer to one request to the engine is waited for; after it an append counts as unknown. The default is 4 s; 0 is
    /// an error.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(4);

    /// <summary>A file of credentials as the engine's tools write it: a token and the seed of its key. Empty, the default, is none.
    /// </summary>
    public string CredentialsFile { get; set; } = "";

    /// <summary>A file with the seed of a key (an "nkey"). Empty, the default, is none.</summary>
    public string NkeyFile { get; set; } = "";

    /// <summary>A user's name, with <see cref="PasswordFile"/>. Empty, the default, is none.</summary>
    public string UserName { get; set; } = "";

    /// <summary>A file with the user's password; one line ending after it does not belong to it. Empty, the default, is none.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>A file with a token; one line ending after it does not belong to it. Empty, the default, is none.</summary>
    public string TokenFile { get; set; } = "";

    /// <summary>A PEM file of the authorities that the servers' certificates are checked with. Empty, the default, is those of the system.
    /// </summary>
    public string CaFile { get; set; } = "";

    /// <summary>A PEM file with the certificate of this node, with <see cref="KeyFile"/>. Empty, the default, is none.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>A PEM file with the key of <see cref="CertificateFile"/>. Empty, the default, is none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>The name that the servers' certificates must bear. Empty, the default, is the host of the address.</summary>
    public string ServerName { get; set; } = "";

    /// <summary>Whether the servers' certificates are not checked. The default is false.</summary>
    public bool InsecureSkipVerify { get; set; }

    /// <summary>Whether the connection must be encrypted even where an address says <c>nats://</c>. The default is false.</summary>
    public bool RequireTls { get; set; }
}
