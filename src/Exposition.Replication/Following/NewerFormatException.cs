namespace Exposition.Replication.Following;

/// <summary>The log has what a later version has written: this one must not guess what that says.</summary>
internal sealed class NewerFormatException(long revision) : Exception(
    $"entry {revision} of the log was written by a later version: upgrade this node, which serves what it has until then");
