using System.Text;
using Exposition.Formats;

namespace Exposition.Pusher.Grouping;

/// <summary>What a job and the labels of a group may be.</summary>
internal static class GroupRules
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>What is wrong with a job; null if nothing is.</summary>
    public static string? FaultOfJob(string? job) =>
        string.IsNullOrEmpty(job) ? "a job is required: the Pushgateway takes no group without one"
        : IsUnicode(job) ? null
        : "the job is no valid Unicode: it holds half of a surrogate pair";

    /// <summary>What is wrong with a label; null if nothing is.</summary>
    public static string? FaultOfLabel(string? name, string? value, NameScheme names)
    {
        if (string.IsNullOrEmpty(name))
        {
            return "a grouping label has no name";
        }

        if (name == "job")
        {
            return "the label job is given by the job itself";
        }

        if (name.StartsWith("__", StringComparison.Ordinal))
        {
            return $"the label name \"{name}\" is reserved: it starts with two underscores";
        }

        if (name.StartsWith("U__", StringComparison.Ordinal))
        {
            return $"the label name \"{name}\" would be read as an escaped one: it starts with U__";
        }

        if (!IsUnicode(name) || !NameRules.IsValidLabelName(Encoding.UTF8.GetBytes(name), names))
        {
            return names == NameScheme.Legacy
                ? $"\"{name}\" is no label name: expected letters, digits and underscores, and no digit first "
                    + "(other names need a gateway that takes them, and NameScheme.Utf8)"
                : $"\"{name}\" is no label name: it is no valid Unicode";
        }

        return value is null ? $"the label {name} has no value"
            : IsUnicode(value) ? null
            : $"the value of the label {name} is no valid Unicode: it holds half of a surrogate pair";
    }

    private static bool IsUnicode(string text)
    {
        try
        {
            s_strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
