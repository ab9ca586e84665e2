using System.Reflection;
using Exposition.Engine;
using Exposition.Kestrel.Outcomes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Tests.Hosting;

/// <summary>Options by code and configuration: what is set arrives, and what is wrong is an error that names it.</summary>
public sealed class ExpositionOptionsTests
{
    public static TheoryData<string> Limits => [.. typeof(ExpositionOptions).GetProperties()
        .Where(static p => p.CanWrite)
        .Where(static p => p.PropertyType == typeof(int) || p.PropertyType == typeof(long) || p.PropertyType == typeof(TimeSpan))

        // Less than nothing is nothing.
        .Where(static p => p.Name is not nameof(ExpositionOptions.ExpiredGrace))
        .Select(static p => p.Name)];

    [Theory]
    [MemberData(nameof(Limits))]
    public void A_limit_below_zero_is_an_error_that_names_it_and_its_engine(string name)
    {
        PropertyInfo property = typeof(ExpositionOptions).GetProperty(name)!;
        object value = property.PropertyType == typeof(int) ? -3 : property.PropertyType == typeof(long) ? -3L : TimeSpan.FromSeconds(-3);

        OptionsValidationException alone = Assert.Throws<OptionsValidationException>(
            () => Read(services => services.AddExposition(options => property.SetValue(options, value))));
        OptionsValidationException named = Assert.Throws<OptionsValidationException>(
            () => Read(services => services.AddExposition("batch", options => property.SetValue(options, value)), "batch"));

        Assert.StartsWith($"ExpositionOptions.{name} is {value}: expected ", Assert.Single(alone.Failures), StringComparison.Ordinal);
        Assert.Equal($"engine batch: {alone.Message}", Assert.Single(named.Failures));
    }

    [Fact]
    public void Each_option_that_is_no_number_is_an_error_that_names_it_too()
    {
        OptionsValidationException thrown = Assert.Throws<OptionsValidationException>(() => Read(static services =>
            services.AddExposition(static options =>
            {
                options.RoutePrefix = "a b?c";
                options.TelemetryPath = "/x/../y";
                options.SelfMetricsPath = "/a b";
                options.MaxBodyBytes = (1L << 30) + 1;
                options.AllowedHosts.Add("a/b");
                options.TrustedOrigins.Add("a");
                options.OtlpGroupingAttributes.Add("job");
                options.OtlpTranslation = OtlpTranslationStrategy.NoTranslation;
                options.SourceLabel = null!;
                options.Time = null!;
            })));

        Assert.Equal(
            ["AllowedHosts a/b is no host: ", "MaxBodyBytes is 1073741825: ", "OtlpGroupingAttributes has job, ", "OtlpTranslation No",
                "RoutePrefix path \"/a b?c\" cannot be served: ", "SelfMetricsPath /a b must be ", "SourceLabel is null",
                "TelemetryPath path \"/x/../y\" cannot be served: ", "Time is null", "TrustedOrigins a is no origin: "],
            thrown.Failures.Order(StringComparer.Ordinal).Select(static fault => fault["ExpositionOptions.".Length..]),
            static (start, fault) => fault.StartsWith(start, StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_page_is_to_say_of_a_host_is_looked_at_with_the_other_options()
    {
        using ServiceProvider services = new ServiceCollection().AddExposition("batch").Services
            .Configure<ExpositionStatusOptions>("batch", static status =>
            {
                status.Title = " ";
                status.ExternalUrl = new Uri("ftp://a/");
                status.ExternalPath = "a?b";
            }).BuildServiceProvider();

        OptionsValidationException thrown = Assert.Throws<OptionsValidationException>(
            services.GetRequiredService<IStartupValidator>().Validate);

        foreach (string fault in (string[])["Title is empty: ", "ExternalUrl is ftp://a/: expected a URL ", "ExternalPath path \"/a?b\" "])
        {
            Assert.Contains("engine batch: ExpositionStatusOptions." + fault, thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void All_that_is_wrong_is_in_one_message_by_code_and_configuration_together()
    {
        OptionsValidationException thrown = Assert.Throws<OptionsValidationException>(() => Read(static services =>
            services.AddExposition(static options => options.MaxScrapes = -1).Bind(Section(
                ("MaxGroups", "many"), ("MaxGruops", "1"), ("ExpireAfter:0", "{job=}=1h"), ("RoutePrefix", "a b?c"),
                ("MaxBodyBytes", "-1"), ("Names", "latin"), ("TrustedProxies:0", "10.0.0.0/99"), ("IdleTimeout", "soon")))));

        Assert.Equal(9, thrown.Failures.Count());
        foreach (string name in (string[])["MaxScrapes", "MaxGroups=many", "MaxGruops", "ExpireAfter: {job=}=1h: ", "\"/a b?c\"",
            "MaxBodyBytes is -1", "Names=latin: expected one of Legacy, Utf8", "TrustedProxies: 10.0.0.0/99: ", "IdleTimeout=soon"])
        {
            Assert.Contains(name, thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_configuration_says_arrives()
    {
        ExpositionOptions options = Read(static services => services.AddExposition().Bind(Section(
            ("MaxGroups", "7"), ("maxbodybytes", "1048576"), ("EnableOpenMetrics", "true"), ("Names", "utf8"),
            ("BodyTimeout", "2m"), ("IdleTimeout", "00:00:05"), ("TelemetryPath", "/all"), ("TrustedProxies", "10.0.0.1"),
            ("AllowedHosts:0", "a"), ("AllowedHosts:1", "b"), ("ExpireAfter:0", "{job=~\"flink.*\"}=2m"), ("ExpireAfter:1", "26h"),
            ("PushExpectations:0", "{job=\"a\"}=1h"))));

        Assert.Equal((7, 1 << 20, true), (options.MaxGroups, options.MaxBodyBytes, options.EnableOpenMetrics));
        Assert.Equal((Formats.NameScheme.Utf8, "/all"), (options.Names, options.TelemetryPath));
        Assert.Equal((TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(5)), (options.BodyTimeout, options.IdleTimeout));
        Assert.Equal(["a", "b"], options.AllowedHosts);
        Assert.Equal("10.0.0.1/32", options.TrustedProxies.Single().ToString());
        Assert.Equal(
            ["{job=~\"flink.*\"} 00:02:00", " 1.02:00:00"], options.ExpiryRules.Select(static rule => $"{rule.Groups} {rule.After}"));
        Assert.Equal(PushExpectation.Parse("{job=\"a\"}=1h").Within, options.PushExpectations.Single().Within);
    }

    [Fact]
    public void Rules_of_expiry_go_by_the_name_of_their_property_too()
    {
        ExpositionOptions options = Read(static services => services.AddExposition().Bind(Section(("ExpiryRules:0", "26h"))));

        Assert.Equal(TimeSpan.FromHours(26), Assert.Single(options.ExpiryRules).After);
    }

    [Fact]
    public void A_setting_that_there_is_not_is_told_with_the_options_that_it_was_looked_for_in()
    {
        OptionsValidationException thrown = Assert.Throws<OptionsValidationException>(
            () => Read(static services => services.AddExposition().Bind(Section(("MaxGruops", "1")))));

        Assert.Contains("MaxGruops: there is no such setting, expected one of ExpositionOptions", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_for_operators_name_the_option_that_sets_a_limit_and_in_the_program_the_flag()
    {
        var options = new ExpositionOptions();
        Limit[] limits =
        [
            .. Enum.GetValues<Limit>().Where(static limit => limit is not (Limit.None or Limit.PasswordChecks
                or Limit.ReplicationAppends or Limit.ReplicationBytes)),
        ];
        string[] names = [.. limits.Select(options.NameOf)];
        Assert.All(names, static name => Assert.NotNull(typeof(ExpositionOptions).GetProperty(name)));
        Assert.Equal(names.Length, names.Distinct().Count());

        options.NamesFlags = true;
        Assert.Equal("--limit.head-bytes", options.NameOf(Limit.HeadBytes));
        Assert.Equal("--web.disable-delete", options.NameOf(nameof(ExpositionOptions.DisableDelete), "--web.disable-delete"));
    }

    [Fact]
    public void Every_option_that_text_can_say_has_a_setting()
    {
        string[] unbound = [.. typeof(ExpositionOptions).GetProperties()
            .Where(static p => !Settings.ExpositionSettings.Table.Exists(setting => setting.Name == p.Name)).Select(static p => p.Name)];

        Assert.Equal([nameof(ExpositionOptions.Changes), nameof(ExpositionOptions.CommitGate), nameof(ExpositionOptions.Time)],
            unbound.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Configure_and_PostConfigure_of_the_host_count_and_each_engine_has_its_own()
    {
        using ServiceProvider services = new ServiceCollection()
            .Configure<ExpositionOptions>(static options => options.MaxGroups = 1)
            .PostConfigure<ExpositionOptions>("two", static options => options.MaxGroups = 3)
            .AddExposition().Services.AddExposition("two", static options => options.MaxGroups = 2).Services
            .BuildServiceProvider();

        Assert.Equal(1, services.GetRequiredService<ExpositionEngine>().Options.MaxGroups);
        Assert.Equal(1, services.GetRequiredService<MetricStore>().Options.MaxGroups);
        Assert.Equal(3, services.GetRequiredKeyedService<ExpositionEngine>("two").Options.MaxGroups);
        Assert.Equal(3, services.GetRequiredKeyedService<MetricStore>("two").Options.MaxGroups);
    }

    [Fact]
    public void The_clock_is_that_of_the_host()
    {
        var time = new ManualTime();
        Assert.Same(time, Read(services => services.AddSingleton<TimeProvider>(time).AddExposition()).Time);
    }

    private static ExpositionOptions Read(Action<IServiceCollection> add, string? name = null)
    {
        var collection = new ServiceCollection();
        add(collection);
        using ServiceProvider services = collection.BuildServiceProvider();
        return services.GetRequiredKeyedService<ExpositionEngine>(name).Options;
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static s => KeyValuePair.Create("Exposition:" + s.Key, (string?)s.Value))).Build()
        .GetSection("Exposition");
}
