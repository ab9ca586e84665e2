namespace Exposition.Hosting.Conditions;

/// <summary>Something that is not as it should be and that an operator is to know of, for as long as it holds.</summary>
/// <param name="Type">Its kind, one of <see cref="ConditionTypes"/>.</param>
/// <param name="Message">In words; nothing that a client has sent.</param>
/// <param name="Subject">Tells those of one kind apart that hold at the same time; empty where there is but one.</param>
/// <param name="Since">When it began to hold; null where its source cannot know: then it is when it was first seen.</param>
internal readonly record struct Condition(string Type, string Message, string Subject = "", DateTimeOffset? Since = null);

/// <summary>The kinds of conditions, as the API names them.</summary>
internal static class ConditionTypes
{
    public const string CertificateExpiring = "CertificateExpiring";
    public const string FamiliesHidden = "FamiliesHidden";
    public const string LimitNear = "LimitNear";
    public const string Loading = "Loading";
    public const string PersistenceFailing = "PersistenceFailing";
    public const string PersistenceLagging = "PersistenceLagging";
    public const string ReplicationBehind = "ReplicationBehind";
    public const string ReplicationDown = "ReplicationDown";
    public const string WebConfigRefused = "WebConfigRefused";
}
