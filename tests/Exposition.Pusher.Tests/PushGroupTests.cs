using System.Text;
using Exposition.Formats;
using FsCheck.Xunit;

namespace Exposition.Pusher.Tests;

/// <summary>Groups, and the paths that they are named by.</summary>
public sealed class PushGroupTests
{
    [Theory]
    [InlineData("nightly_backup", "job/nightly_backup")]
    [InlineData("host:9091", "job/host:9091")]
    [InlineData("~a-b.C_9", "job/~a-b.C_9")]
    [InlineData(".", "job@base64/Lg")]
    [InlineData("..", "job@base64/Li4")]
    [InlineData("...", "job/...")]
    [InlineData("etl/nightly", "job@base64/ZXRsL25pZ2h0bHk")]
    [InlineData("a b", "job@base64/YSBi")]
    [InlineData("100%25", "job@base64/MTAwJTI1")]
    [InlineData("ü", "job@base64/w7w")]
    [InlineData("??>>", "job@base64/Pz8-Pg")]
    public void A_job_goes_plain_only_where_nothing_can_read_it_in_another_way(string job, string path) =>
        Assert.Equal(path, new PushGroup(job).Path);

    [Fact]
    public void Labels_follow_in_the_order_of_their_names() =>
        Assert.Equal("job/j/a@base64/=/b/1/path@base64/L3Nydi9kYXRh",
            new PushGroup("j").With("path", "/srv/data").With("b", "1").With("a", "").Path);

    [Fact]
    public void Utf8_names_are_escaped_where_they_are_asked_for()
    {
        var group = new PushGroup("j", [KeyValuePair.Create("bad-name", "x")], NameScheme.Utf8);
        Assert.Equal("job/j/U__bad_2d_name/x", group.Path);
        Assert.Equal("job/j/U__bad_2d_name/x/U__o_2e_k/y", group.With("o.k", "y").Path);
    }

    [Theory]
    [InlineData("bad-name", "\"bad-name\" is no label name: expected letters, digits and underscores")]
    [InlineData("1st", "is no label name")]
    [InlineData("", "a grouping label has no name")]
    [InlineData("__name__", "reserved")]
    [InlineData("U__x", "escaped")]
    [InlineData("job", "the label job is given by the job itself")]
    [InlineData("instance", "the label instance is given twice")]
    public void A_label_that_cannot_be_is_refused(string name, string why)
    {
        PushGroup group = new PushGroup("j").With("instance", "a");
        Assert.Contains(why, Assert.Throws<ArgumentException>(() => group.With(name, "b")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_is_required() =>
        Assert.Contains("a job is required", Assert.Throws<ArgumentException>(() => new PushGroup("")).Message, StringComparison.Ordinal);

    [Fact]
    public void Half_a_character_is_refused_and_not_replaced()
    {
        Assert.Contains("surrogate", Assert.Throws<ArgumentException>(() => new PushGroup("a\ud83d")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new PushGroup("a").With("b", "\ude00"));
    }

    [Fact]
    public void Equal_groups_are_equal_in_any_order()
    {
        PushGroup group = new PushGroup("j").With("a", "1").With("b", "2");
        PushGroup same = new PushGroup("j").With("b", "2").With("a", "1");
        Assert.Equal(group, same);
        Assert.Equal(group.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(group, new PushGroup("j").With("a", "1"));
        Assert.Equal("{job=\"j\",a=\"1\",b=\"2\"}", same.ToString());
    }

    [Property]
    public void No_uri_changes_a_path(string? job, string? value)
    {
        job = Valid(job);
        value = Valid(value);
        if (job.Length == 0)
        {
            return;
        }

        var group = new PushGroup(job, [KeyValuePair.Create("label", value)]);
        var uri = new Uri("http://gateway/metrics/" + group.Path);
        Assert.Equal("/metrics/" + group.Path, uri.AbsolutePath);
        Assert.Equal("", uri.Query + uri.Fragment);
        string[] parts = group.Path.Split('/');
        Assert.Equal((job, value), (Read(parts[0], parts[1]), Read(parts[2], parts[3])));
    }

    // Halves of characters are refused, which is tested above.
    private static string Valid(string? text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));

    // As the Pushgateway reads it.
    private static string Read(string name, string value)
    {
        if (!name.EndsWith("@base64", StringComparison.Ordinal))
        {
            return value;
        }

        string padded = value.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        return Encoding.UTF8.GetString(Convert.FromBase64String(padded + new string('=', (4 - (padded.Length % 4)) % 4)));
    }
}
