using System.Collections;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Exposition.Conformance.Tests.House;

/// <summary>What IntelliSense shows of the public surface, as the build has written it beside the libraries.</summary>
public sealed partial class CommentsTests
{
    private static readonly Assembly[] s_libraries =
    [
        .. new[]
        {
            "Exposition.Formats", "Exposition.Engine", "Exposition.Hosting", "Exposition.Persistence", "Exposition.Pusher",
            "Exposition.Kestrel", "Exposition.Testing",
        }.Select(Assembly.Load),
    ];

    private static readonly Dictionary<string, XElement> s_comments = s_libraries
        .SelectMany(static library => XDocument.Load(
            Path.Combine(AppContext.BaseDirectory, library.GetName().Name + ".xml")).Descendants("member"))
        .ToDictionary(static member => member.Attribute("name")!.Value);

    // Whoever reads of a library for the first time reads of these.
    private static readonly Type[] s_entries =
    [
        typeof(Formats.ExpositionText), typeof(Formats.ExpositionReader), typeof(Formats.ExpositionWriter), typeof(Formats.FamilySet),
        typeof(Formats.FormatNegotiator), typeof(Formats.IMetricSource), typeof(Formats.MeterSource), typeof(Formats.OpenMetricsFormat),
        typeof(Formats.ProtobufFormat), typeof(Formats.TextFormat),
        typeof(Engine.ExpiryRule), typeof(Engine.GroupSelector), typeof(Engine.GroupingKey), typeof(Engine.IStoreObserver),
        typeof(Engine.MetricStore), typeof(Engine.MetricStorePushing), typeof(Engine.MetricStoreReading),
        typeof(Engine.MetricStoreScraping), typeof(Engine.MetricStoreWatching), typeof(Engine.Scrape), typeof(Engine.StoreOptions),
        typeof(Exposition.Hosting.ICommitGate), typeof(Persistence.DurableCopy),
        typeof(Kestrel.ExpositionEngine), typeof(Kestrel.ExpositionOptions), typeof(Kestrel.IRequestGate),
        typeof(Pusher.JobRun), typeof(Pusher.PushGroup), typeof(Pusher.PusherOptions), typeof(Pusher.PushgatewayClient),
        typeof(Testing.ScrapedMetrics), typeof(Testing.TestGateway), typeof(Testing.TestGatewayOptions),
    ];

    private static PropertyInfo[] Options =>
    [
        .. s_libraries.SelectMany(static library => library.GetExportedTypes())
            .Where(static type => type.Name.EndsWith("Options", StringComparison.Ordinal))
            .SelectMany(static type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(static property => property.SetMethod is { IsPublic: true }
                || (property.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(property.PropertyType))),
    ];

    [Fact]
    public void Each_option_says_what_its_default_is()
    {
        Assert.InRange(Options.Length, 90, 1000);
        Assert.Empty(Options.Where(static option => !Default().IsMatch(TextOf(option))).Select(NameOf));
    }

    [Fact]
    public void Options_that_are_numbers_or_times_say_what_0_means_or_that_it_is_an_error()
    {
        PropertyInfo[] numbers = [.. Options.Where(static option => (Nullable.GetUnderlyingType(option.PropertyType)
            ?? option.PropertyType) is var type && (type == typeof(int) || type == typeof(long) || type == typeof(TimeSpan)))];
        Assert.InRange(numbers.Length, 45, 1000);
        Assert.Empty(numbers.Where(static option =>
            !Zero().IsMatch(TextOf(option)) && CommentOf(option)?.Element("exception") is null).Select(NameOf));
    }

    [Fact]
    public void Types_that_users_start_from_and_extensions_of_builders_have_an_example() => Assert.Empty(
        s_entries.Concat(s_libraries.SelectMany(static library => library.GetExportedTypes())
                .Where(static type => ArchitectureTests.BuilderNamespaces.Contains(type.Namespace)))
            .Where(static type => !s_comments.Any(comment => IsOf(type, comment.Key[2..])
                && comment.Value.Element("example")?.Element("code") is not null))
            .Select(static type => type.FullName));

    [Fact]
    public void The_Pushgateway_is_called_by_its_name() => Assert.Empty(
        s_comments.Where(static comment => comment.Value.Value.Contains("the reference", StringComparison.OrdinalIgnoreCase))
            .Select(static comment => comment.Key));

    // Its own comment, or that of a member.
    private static bool IsOf(Type type, string name) =>
        name == type.FullName || name.StartsWith(type.FullName + ".", StringComparison.Ordinal);

    private static string NameOf(PropertyInfo property) => $"{property.DeclaringType!.FullName}.{property.Name}";

    // Of what takes its comment from elsewhere, that one with its own remarks.
    private static string TextOf(PropertyInfo property)
    {
        XElement? comment = CommentOf(property);
        string? from = comment?.Element("inheritdoc")?.Attribute("cref")?.Value;
        return comment?.Value + (from is null ? "" : s_comments[from].Value);
    }

    // Those of a record's parameters are comments of its type.
    private static XElement? CommentOf(PropertyInfo property) => s_comments.GetValueOrDefault("P:" + NameOf(property))
        ?? s_comments.GetValueOrDefault("T:" + property.DeclaringType!.FullName)?.Elements("param")
            .FirstOrDefault(parameter => parameter.Attribute("name")?.Value == property.Name);

    [GeneratedRegex(@"\b[Dd]efault\b")]
    private static partial Regex Default();

    [GeneratedRegex(@"\b0\b")]
    private static partial Regex Zero();
}
