using System.Text;
using Exposition.Formats.Settings;
using Exposition.Replication.Announcing;

namespace Exposition.Replication;

/// <summary>What becomes of pushes while the log cannot be reached.</summary>
public enum WhenUnreachable : byte
{
    /// <summary>They are refused: what is acknowledged is in the log.</summary>
    Refuse,

    /// <summary>They are taken by this node alone, and put into the log when it is back.</summary>
    Accept,
}

/// <summary>How a node takes part.</summary>
public sealed class ReplicationOptions
{
    /// <summary>How long a push waits for the log before it is refused. Default: 9 seconds. 0 is an error.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(9);

    /// <summary>What becomes of pushes while the log cannot be reached. Default: they are refused.</summary>
    public WhenUnreachable WhenUnreachable { get; set; }

    /// <summary>
    /// Whether what this node has at its start is put into the log: groups that were never in one, and all where nobody has seeded it yet.
    /// Default: false: a node with groups that were never in a log does not take part then.
    /// </summary>
    public bool Seed { get; set; }

    /// <summary>
    /// The most appends that are in flight at once; others wait. When there are eight times as many pushes on their way to the log, a
    /// further one is refused. Default: 256. 0 for any number; less is an error.
    /// </summary>
    public int MaxAppends { get; set; } = 256;

    /// <summary>
    /// The most bytes of appends that are in flight at once, but for a single larger one; others wait. When all pushes on their way to the
    /// log have eight times as many bytes of memory, a further one is refused. Default: 32 MiB. 0 for any.
    /// </summary>
    public long MaxAppendBytes { get; set; } = 32L << 20;

    /// <summary>
    /// How often all that the log has is compared with what this node has. Default: 1 hour. 0 for never but after interruptions; less is
    /// an error.
    /// </summary>
    public TimeSpan CompareEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Where others reach this node, such as <c>host:port</c>; all nodes are told of it by the log. At most 255 bytes. Default: empty, and
    /// nobody is told.
    /// </summary>
    public string Address { get; set; } = "";

    /// <summary>Makes states smaller. Default: null, for as they are.</summary>
    public IStateCompressor? Compressor { get; set; }

    /// <summary>Told what an operator should know, in words; must not throw. Default: null, for nobody.</summary>
    public Action<ReplicationNotice, string>? Notify { get; set; }

    // What limits are called in words for operators: a host has options, the program has flags.
    internal bool NamesFlags { get; set; }

    internal IEnumerable<string> Faults() =>
    [
        .. Timeout <= TimeSpan.Zero ? (string[])[$"{nameof(Timeout)} is {Timeout}: expected more than 0"] : [],
        .. Enum.IsDefined(WhenUnreachable)
            ? (string[])[]
            : [$"{nameof(WhenUnreachable)} is {WhenUnreachable}: expected {string.Join(" or ", Enum.GetNames<WhenUnreachable>())}"],
        .. OptionFaults.Negative(nameof(MaxAppends), MaxAppends),
        .. OptionFaults.Negative(nameof(MaxAppendBytes), MaxAppendBytes),
        .. CompareEvery < TimeSpan.Zero ? (string[])[$"{nameof(CompareEvery)} is {CompareEvery}: expected 0, for never, or more"] : [],
        .. OptionFaults.Null(nameof(Address), Address),
        .. Encoding.UTF8.GetByteCount(Address ?? "") > NodeMessage.MaxAddressBytes
            ? (string[])[$"{nameof(Address)} is \"{Address}\": expected at most {NodeMessage.MaxAddressBytes} bytes"]
            : [],
    ];
}

/// <summary>What an operator is told.</summary>
public enum ReplicationNotice : byte
{
    /// <summary>All that the log has is here: changes are taken.</summary>
    Live,

    /// <summary>The log cannot be reached.</summary>
    Away,

    /// <summary>The log has begun anew, and is given what this node has.</summary>
    Restarted,

    /// <summary>This node cannot take part; somebody must act.</summary>
    Refused,

    /// <summary>An entry of the log does not read.</summary>
    Damaged,

    /// <summary>Groups were put into the log that it had lost.</summary>
    Healed,

    /// <summary>A group that pushes have added to had another state here than in the log; one of the two was given up.</summary>
    GrownApart,
}
