using System.Text.RegularExpressions;
using Exposition.Engine;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Replication;
using Exposition.Kestrel;

namespace Exposition.Gateway.Tests;

public partial class FlagsTests
{
    [Fact]
    public void It_is_known_which_flags_were_given()
    {
        Assert.Empty(Flags.Parse([]).Given);
        Assert.Equal(["persistence.file", "push.expire-after", "web.enable-lifecycle", "web.listen-address"],
            Flags.Parse(["--push.expire-after={job=\"a\"}=1h", "--push.expire-after=2h", "--web.listen-address=:9091",
                "--no-web.enable-lifecycle", "--persistence.file", "x"]).Given.Order());
    }

    [Fact]
    public void Defaults_are_those_of_the_reference()
    {
        Flags flags = Flags.Parse([], container: 0);
        Assert.Equal([":9091"], flags.ListenAddresses);
        Assert.Equal(
            "limit.api-readers=8 limit.body-bytes=64MiB limit.body-rate=1000 limit.body-timeout=30s limit.bundle-cache-bytes=128MiB "
                + "limit.connections=10000 limit.decode-ratio=200 limit.decoded-bytes=256MiB limit.group-bytes=512MiB "
                + "limit.grouping-key-bytes=8KiB limit.grouping-name-sets=1000 limit.groups=1000000 "
            + "limit.head-bytes=64KiB limit.head-timeout=30s limit.headers=100 limit.held-bytes=1GiB limit.idle-timeout=2m10s "
                + "limit.inflight-bytes=1GiB limit.label-value-bytes=64KiB "
            + "limit.otlp-attributes=128 limit.otlp-resources=10000 limit.page-readers=8 limit.password-checks=256 "
                + "limit.push-ids=4096 limit.pushes-per-second=0 limit.queued-bodies=256 "
                + "limit.rendered-bytes=16MiB limit.replication-appends=256 limit.replication-bytes=32MiB "
                + "limit.scrape-duration=2m0s limit.scrape-rate=16KiB limit.scrapes=64 "
                + "limit.searches=2 limit.series-per-group=1000000 limit.series-per-push=1000000 limit.shape-cache-bytes=256MiB limit.sources=1000 "
            + "limit.stored-bytes=0 limit.target-bytes=32KiB "
            + "log.format=logfmt log.level=info persistence.file= persistence.interval=5m0s push.disable-consistency-check=false "
            + "push.enable-utf8-names=false push.timestamps=reject push.verify-repeated=false web.config.file= "
                + "web.disable-delete=false web.enable-admin-api=false web.enable-lifecycle=false web.enable-openmetrics=false web.enable-otlp=false "
            + "web.external-url= web.health-without-auth=false web.listen-address=:9091 web.route-prefix= web.shutdown-timeout=10s "
                + "web.systemd-socket=false web.telemetry-path=/metrics",
            string.Join(' ', flags.Shown().Select(static f => $"{f.Key}={f.Value}")));
    }

    [Fact]
    public void Values_stand_behind_a_blank_or_an_equals_sign()
    {
        Flags flags = Flags.Parse(
            ["--web.listen-address", ":1", "--web.listen-address=[::1]:2", "--persistence.file=a=b", "--persistence.interval=-5m",
            "--web.enable-admin-api", "--no-web.enable-lifecycle", "--log.level=WARN", "--log.format", "json", "--web.route-prefix="]);
        Assert.Equal([":1", "[::1]:2"], flags.ListenAddresses);
        Assert.Equal("a=b", flags.PersistenceFile);
        Assert.True(flags.EnableAdminApi);
        Assert.False(flags.EnableLifecycle);
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, flags.LogLevel);
        Assert.Equal(LogFormat.Json, flags.LogFormat);
        Assert.Equal("-5m0s", flags.Shown()["persistence.interval"]);
        Assert.Equal(":1,[::1]:2", flags.Shown()["web.listen-address"]);
    }

    [Fact]
    public void Flags_of_OTLP_are_read_and_shown_where_it_is_on()
    {
        string[] given = ["--otlp.translation-strategy=NoUTF8EscapingWithSuffixes", "--otlp.grouping-attributes=service.instance.id, host.name"];
        Flags flags = Flags.Parse([.. given, "--web.enable-otlp"]);
        Assert.Equal(Kestrel.OtlpTranslationStrategy.NoUtf8EscapingWithSuffixes, flags.Options.OtlpTranslation);
        Assert.Equal(["service.instance.id", "host.name"], flags.Options.OtlpGroupingAttributes);
        Assert.Equal("NoUTF8EscapingWithSuffixes", flags.Shown()["otlp.translation-strategy"]);
        Assert.DoesNotContain(
            Flags.Parse(given).Shown().Keys, static name => name.StartsWith("otlp.", StringComparison.Ordinal)
                || name.StartsWith("replication.", StringComparison.Ordinal));
        Assert.Contains("part of the job already", Assert.Throws<FlagException>(
            static () => Flags.Parse(["--otlp.grouping-attributes=service.name"])).Message, StringComparison.Ordinal);
        Assert.Throws<FlagException>(static () => Flags.Parse(["--otlp.translation-strategy=none"]));
    }

    [Fact]
    public void Rules_of_pushes_that_add_up_are_read_in_their_order_and_shown()
    {
        Flags flags = Flags.Parse([
            "--push.mode={job=~\"lambda.*\"}=add", "--push.mode=series", "--push.aggregate={__name__=~\".*_highwater\"}=max",
            "--push.id-window=1h", "--push.source-label=pod", "--push.source-age=7d", "--limit.sources=5",
        ]);
        Assert.Equal([PushMode.Add, PushMode.Series], flags.Options.PushModes.Select(static rule => rule.Mode));
        Assert.Equal([Aggregate.Max], flags.Options.Aggregates.Select(static rule => rule.How));
        Assert.Equal((TimeSpan.FromHours(1), "pod", TimeSpan.FromDays(7), 5), (
            flags.Options.IdWindow, flags.Options.SourceLabel, flags.Options.SourceAge, flags.Options.MaxSources));
        Assert.Equal("{job=~\"lambda.*\"}=add series", flags.Shown()["push.mode"]);
        Assert.Equal("1h0m0s", flags.Shown()["push.id-window"]);
        Assert.DoesNotContain(Flags.Parse([]).Shown().Keys, static name => name is "push.mode" or "push.id-window" or "push.source-age");
    }

    [Theory]
    [InlineData("--push.mode=plus", "--push.mode=plus: expected a mode: families, series, add, cumulative or replace")]
    [InlineData(
        "--push.aggregate={__name__=\"a\"}=mean",
        "--push.aggregate={__name__=\"a\"}=mean: expected last, max, min or sum after the selector")]
    public void A_rule_of_pushes_that_add_up_that_is_none_says_why(string flag, string error) =>
        Assert.Equal(error, Assert.Throws<FlagException>(() => Flags.Parse([flag])).Message);

    [Fact]
    public void Rules_of_expected_pushes_are_read_in_their_order()
    {
        Flags flags = Flags.Parse(["--push.expect={job=\"nightly_backup\"}=26h", "--push.expect=1h"]);
        Assert.Equal([TimeSpan.FromHours(26), TimeSpan.FromHours(1)], flags.Options.PushExpectations.Select(static rule => rule.Within));
        Assert.Equal("{job=\"nightly_backup\"}=26h 1h", flags.Shown()["push.expect"]);
        Assert.DoesNotContain("push.expect", Flags.Parse([]).Shown().Keys);
    }

    [Fact]
    public void Expiry_rules_stand_in_the_order_given()
    {
        Flags flags = Flags.Parse(["--push.expire-after={job=~\"flink.*\"}=2m", "--push.expire-after", "{zone=\"}\"}=1h",
            "--push.expire-after=1d", "--push.expired-grace=1h30m"]);
        Assert.Equal(["{job=~\"flink.*\"} 00:02:00", "{zone=\"}\"} 01:00:00", " 1.00:00:00"],
            flags.Options.ExpiryRules.Select(static rule => $"{rule.Groups} {rule.After}"));
        Assert.Equal(TimeSpan.FromMinutes(90), flags.Options.ExpiredGrace);
        Assert.Equal("{job=~\"flink.*\"}=2m {zone=\"}\"}=1h 1d", flags.Shown()["push.expire-after"]);
        Assert.Equal("1h30m0s", flags.Shown()["push.expired-grace"]);
    }

    [Theory]
    [InlineData("--push.expire-after=abc: time: invalid duration \"abc\"", "--push.expire-after=abc")]
    [InlineData("--push.expire-after=-1s: negative duration \"-1s\"", "--push.expire-after=-1s")]
    [InlineData("--push.expire-after={job=\"a\"}: expected {SELECTOR}=DURATION", "--push.expire-after={job=\"a\"}")]
    [InlineData("--push.expire-after={job=a}=1m: selector, character 6: expected a quoted value", "--push.expire-after={job=a}=1m")]
    [InlineData("--push.expire-after={job=\"a\"}=1: time: missing unit in duration \"1\"", "--push.expire-after={job=\"a\"}=1")]
    [InlineData("--push.expect={job=\"a\"}: expected {SELECTOR}=DURATION", "--push.expect={job=\"a\"}")]
    [InlineData("--push.expect=-1s: negative duration \"-1s\"", "--push.expect=-1s")]
    [InlineData("--push.expired-grace: time: invalid duration \"\"", "--push.expired-grace=")]
    public void Bad_expiry_flags_are_named(string error, string argument) =>
        Assert.Equal(error, Assert.Throws<FlagException>(() => Flags.Parse([argument])).Message);

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.0, "--persistence.interval=30s")]
    [InlineData(1.0, "--persistence.interval=-1s")]
    [InlineData(0.0, "--persistence.commit-interval=0")]
    [InlineData(0.25, "--persistence.commit-interval=250ms", "--persistence.interval=30s")]
    public void The_commit_interval_is_a_second_unless_it_is_given(double seconds, params string[] arguments) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Flags.Parse(arguments).CommitInterval);

    [Fact]
    public void A_negative_commit_interval_is_refused() =>
        Assert.Throws<FlagException>(static () => Flags.Parse(["--persistence.commit-interval=-1s"]));

    [Theory]
    [InlineData("", "--web.trusted-proxies=")]
    [InlineData("10.0.0.0/8,192.0.2.1/32,2001:db8::/32,::1/128", "--web.trusted-proxies=10.0.0.0/8, 192.0.2.1,2001:db8::/32,::1")]
    [InlineData("0.0.0.0/0", "--web.trusted-proxies=0.0.0.0/0,")]
    public void Trusted_proxies_are_networks_and_addresses(string expected, string argument) =>
        Assert.Equal(expected, string.Join(',', Flags.Parse([argument]).Options.TrustedProxies));

    [Theory]
    [InlineData("\"10\": expected addresses or networks such as 10.0.0.0/8 or 2001:db8::/32, separated by commas", "10")]
    [InlineData("\"proxy\": expected addresses or networks such as 10.0.0.0/8 or 2001:db8::/32, separated by commas", "10.0.0.0/8,proxy")]
    [InlineData("\"0x0a.0.0.1\": expected addresses or networks such as 10.0.0.0/8 or 2001:db8::/32, separated by commas", "0x0a.0.0.1")]
    [InlineData("\"[::1]\": expected addresses or networks such as 10.0.0.0/8 or 2001:db8::/32, separated by commas", "[::1]")]
    [InlineData("\"10.0.0.0/33\": expected a length from 0 to 32 behind the slash", "10.0.0.0/33")]
    [InlineData("\"10.0.0.0/\": expected a length from 0 to 32 behind the slash", "10.0.0.0/")]
    [InlineData("\"::/-1\": expected a length from 0 to 128 behind the slash", "::/-1")]
    [InlineData("\"10.1.2.3/8\": the network of that length starts at 10.0.0.0/8", "10.1.2.3/8")]
    [InlineData("\"2001:db8::1/32\": the network of that length starts at 2001:db8::/32", "2001:db8::1/32")]
    public void Bad_trusted_proxies_are_named(string error, string value) =>
        Assert.Equal(
            "--web.trusted-proxies: " + error, Assert.Throws<FlagException>(() => Flags.Parse(["--web.trusted-proxies=" + value])).Message);

    // The texts were observed on the reference, but for the last ones of the URL, which are those of Go's library.
    [Theory]
    [InlineData("unknown long flag '--bogus'", "--bogus")]
    [InlineData("unknown long flag '--'", "--=x")]
    [InlineData("unknown long flag '--no-persistence.file'", "--no-persistence.file")]
    [InlineData("unknown short flag '-x'", "-x")]
    [InlineData("unknown short flag '-5'", "-h5")]
    [InlineData("unknown short flag '-'", "-")]
    [InlineData("unexpected foo", "foo")]
    [InlineData("unexpected true", "--web.enable-admin-api=true")]
    [InlineData("unexpected --foo", "--", "--foo")]
    [InlineData("expected argument for flag '--persistence.file'", "--persistence.file")]
    [InlineData("expected argument for flag '--web.route-prefix'", "--web.route-prefix", "--version")]
    [InlineData("flag 'persistence.file' cannot be repeated", "--persistence.file=a", "--persistence.file=b")]
    [InlineData("flag 'web.enable-admin-api' cannot be repeated", "--no-web.enable-admin-api", "--web.enable-admin-api")]
    [InlineData("invalid size \"64 MiB\", expected bytes such as 65536, 64KiB, 64MiB or 1GiB", "--limit.body-bytes=64 MiB")]
    [InlineData("invalid size \"-1\", expected bytes such as 65536, 64KiB, 64MiB or 1GiB", "--limit.inflight-bytes=-1")]
    [InlineData("limit.body-bytes: at most 1GiB, got 2GiB", "--limit.body-bytes=2GiB")]
    [InlineData("limit.groups: expected a whole number, got \"many\"", "--limit.groups=many")]
    [InlineData("limit.head-timeout: must not be negative, got -1s", "--limit.head-timeout=-1s")]
    [InlineData("unrecognized log level trace", "--log.level=trace")]
    [InlineData("unrecognized log level ", "--log.level=")]
    [InlineData("unrecognized log format xml", "--log.format=xml")]
    [InlineData("unrecognized log format JSON", "--log.format=JSON")]
    [InlineData("time: invalid duration \"abc\"", "--persistence.interval=abc")]
    [InlineData("invalid URL: parse \"::bad::\": missing protocol scheme", "--web.external-url=::bad::")]
    [InlineData("invalid URL: parse \"http://[::1\": missing ']' in host", "--web.external-url=http://[::1")]
    [InlineData("invalid URL: parse \"http://h:x/\": invalid port \":x\" after host", "--web.external-url=http://h:x/")]
    [InlineData("invalid URL: parse \"http://h/%zz\": invalid URL escape \"%zz\"", "--web.external-url=http://h/%zz")]
    [InlineData("failed to open arguments file \"nofile\": open nofile: no such file or directory", "@nofile")]
    [InlineData("unknown long flag '--bogus'", "--help", "--bogus")]
    public void Errors_have_the_words_of_the_reference(string expected, params string[] arguments) =>
        Assert.Equal(expected, Assert.Throws<FlagException>(() => Flags.Parse(arguments)).Message);

    [Fact]
    public void Limits_reach_the_engine()
    {
        Flags flags = Flags.Parse(["--limit.body-bytes=1mib", "--limit.decoded-bytes", "2000", "--limit.inflight-bytes=0",
            "--limit.head-bytes=8KB", "--limit.target-bytes=1KiB",
            "--limit.label-value-bytes=7", "--limit.series-per-push=8", "--limit.groups=9", "--limit.pushes-per-second=10",
                "--limit.scrapes=11", "--limit.connections=12",
            "--limit.head-timeout=1s", "--limit.body-timeout=2s", "--limit.body-rate=3", "--limit.idle-timeout=4s",
                "--limit.scrape-duration=1m30s",
            "--limit.grouping-key-bytes=13", "--limit.rendered-bytes=14", "--limit.group-bytes=15", "--limit.stored-bytes=16",
                "--limit.scrape-rate=5KiB", "--limit.held-bytes=6", "--limit.bundle-cache-bytes=7MiB"]);
        ExpositionOptions options = flags.Options;
        Assert.Equal((1L << 20, 2000L, 0L, 8192, 1024, 7), (options.MaxBodyBytes, options.MaxDecodedBytes, options.MaxInflightBytes,
            options.MaxHeadBytes, options.MaxTargetBytes, options.MaxLabelValueBytes));
        Assert.Equal((8, 9, 10, 11, 12, 3), (options.MaxSeriesPerPush, options.MaxGroups, options.MaxPushesPerSecond, options.MaxScrapes,
            options.MaxConnections, options.MinBodyBytesPerSecond));
        Assert.Equal(
            (13, 14L, 15L, 16L), (options.MaxGroupingKeyBytes, options.MaxRenderedBytes, options.MaxGroupBytes, options.MaxStoredBytes));
        Assert.Equal((1, 2, 4, 90), (options.HeadTimeout.TotalSeconds, options.BodyTimeout.TotalSeconds, options.IdleTimeout.TotalSeconds,
            options.ScrapeTimeout.TotalSeconds));
        Assert.Equal((5120, 6, 7L << 20), (options.MinScrapeBytesPerSecond, options.MaxHeldBytes, options.BundleCacheBytes));
        Assert.Equal("1MiB 2000 0 8KiB 1m30s", string.Join(' ', ((string[])["body-bytes", "decoded-bytes", "inflight-bytes", "head-bytes",
            "scrape-duration"]).Select(name => flags.Shown()["limit." + name])));
    }

    [Fact]
    public void Version_ends_the_reading_and_help_does_not()
    {
        Assert.True(Flags.Parse(["--version", "--bogus"]).Version);
        Assert.True(Flags.Parse(["-h"]).Help);
        Assert.True(Flags.Parse(["--help"]).Help);
    }

    [Fact]
    public void A_file_of_arguments_stands_for_its_lines()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, "# comment\n\n--web.enable-lifecycle\n--persistence.file\nwith blanks\n");
        try
        {
            Flags flags = Flags.Parse(["@" + file, "--web.enable-admin-api"]);
            Assert.True(flags.EnableLifecycle && flags.EnableAdminApi);
            Assert.Equal("with blanks", flags.PersistenceFile);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("/", "", "", "")]
    [InlineData("bar/", "", "/bar", "")]
    [InlineData("/foo/", "", "/foo", "")]
    [InlineData("", "http://gw.example/ext/", "/ext", "/ext")]
    [InlineData("/in", "https://gw.example/ext", "/in", "/ext")]
    [InlineData("/", "http://gw.example/ext", "", "/ext")]
    [InlineData("", "http://gw.example:99", "", "")]
    [InlineData("", "http://gw.example/a%20b?x#y", "/a b", "/a b")]
    public void Prefixes_follow_the_reference(string prefix, string url, string route, string external)
    {
        Flags flags = Flags.Parse(["--web.route-prefix=" + prefix, "--web.external-url=" + url]);
        Assert.Equal((route, external), (flags.Prefix, flags.ExternalPrefix));
        Assert.Equal(route, flags.Shown()["web.route-prefix"]);
    }

    [Theory]
    [InlineData("/bar", "m", "/bar/m")]
    [InlineData("", "/metrics", "/metrics")]
    [InlineData("/x", "/../a//b/", "/a/b")]
    [InlineData("", "/", "/")]
    public void Telemetry_path_is_joined(string prefix, string path, string expected) =>
        Assert.Equal(expected, Flags.Parse(["--web.route-prefix=" + prefix, "--web.telemetry-path=" + path]).FullTelemetryPath);

    [Theory]
    [InlineData("--web.listen-address=vsock://:9091", "vsock:// in --web.listen-address is not supported yet")]
    public void What_is_not_there_yet_is_refused(string argument, string expected) =>
        Assert.Equal(expected, Assert.Throws<FlagException>(Flags.Parse([argument]).RequireSupported).Message);

    [Fact]
    public void Otlp_is_refused_beside_other_gateways_and_pushes_that_add_up_are_not()
    {
        Flags flags = Flags.Parse(["--web.enable-otlp", "--replication.url=nats://127.0.0.1:4222"]);
        Assert.Equal(
            "--web.enable-otlp cannot be used with --replication.url: what comes by OTLP is not shared between gateways",
            Assert.Throws<FlagException>(flags.RequireSupported).Message);
        Flags.Parse(["--web.enable-otlp"]).RequireSupported();
        Flags.Parse(["--push.mode={job=\"a\"}=add", "--replication.url=nats://127.0.0.1:4222"]).RequireSupported();
    }

    [Fact]
    public void Help_lists_every_flag_within_eighty_columns()
    {
        List<Flag> table = Flags.Parse([]).Table;
        string text = Usage.Text(table);
        Assert.All(table, flag => Assert.Contains((flag.IsSwitch ? "--[no-]" : "--") + flag.Name, text, StringComparison.Ordinal));
        Assert.All(text.Split('\n'), static line => Assert.True(line.Length <= 80, line));
        Assert.StartsWith("usage: pushgateway [<flags>]\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_only_flags_that_there_are()
    {
        List<Flag> table = Flags.Parse([]).Table;
        HashSet<string> known = [.. table.Select(static flag => flag.Name)];
        Assert.All(table, flag => Assert.All(Named().Matches(flag.Help).Select(static match => match.Groups[1].Value),
            named => Assert.True(known.Contains(named), $"--{flag.Name} names --{named}")));
        Assert.Contains(table, static flag => Named().IsMatch(flag.Help));
    }

    [Theory]
    [InlineData("gateway:9091", null)]
    [InlineData("[::1]:9091", null)]
    [InlineData("10.0.0.1:80", null)]
    [InlineData("Gateway-1.example:65535", null)]
    [InlineData("gateway", "gateway")]
    [InlineData("gateway:0", "gateway:0")]
    [InlineData("::1:9091", "::1:9091")]
    [InlineData("http://gateway:9091", "http://gateway:9091")]
    [InlineData("gateway:9091/metrics", "gateway:9091/metrics")]
    [InlineData("user@gateway:9091", "user@gateway:9091")]
    [InlineData("", "")]
    public void The_address_of_a_gateway_is_a_host_and_a_port(string value, string? wrong)
    {
        string[] given = ["--replication.address=" + value, "--replication.url=nats://127.0.0.1:4222"];
        if (wrong is null)
        {
            Assert.Equal(value, Flags.Parse(given).Shown()["replication.address"]);
        }
        else
        {
            Assert.Equal(
                $"--replication.address must be HOST:PORT, is {wrong}", Assert.Throws<FlagException>(() => Flags.Parse(given)).Message);
        }
    }

    [Theory]
    [InlineData("10.0.0.1:9091", "10.0.0.1:9091")]
    [InlineData("[::1]:9091", "[::1]:9091")]
    [InlineData("127.0.0.1:0", "")]
    [InlineData("unix:/run/gateway", "")]
    public void Without_it_the_address_is_that_where_the_gateway_listens(string listen, string address)
    {
        Assert.Equal(address, NodeAddress.Of(Flags.Parse(["--web.listen-address=" + listen])));
        Assert.Equal("a:1", NodeAddress.Of(Flags.Parse(["--web.listen-address=" + listen, "--replication.address=a:1"])));
        Assert.Equal($"{Environment.MachineName}:9091", NodeAddress.Of(Flags.Parse([])));
    }

    // What 0 stands for differs: no limit, no cache, the most there can be.
    [Fact]
    public void Help_says_of_every_limit_what_zero_means_and_zero_is_taken() => Assert.All(
        Flags.Parse([]).Table.Where(static flag => flag.Name.StartsWith("limit.", StringComparison.Ordinal)), static flag =>
        {
            Assert.Matches(@"\b0( for|:| means)", flag.Help);
            Assert.Equal(flag.Unit == "time" ? "0s" : "0", Flags.Parse([$"--{flag.Name}=0"]).Shown()[flag.Name]);
        });

    [GeneratedRegex("--([a-z][a-z.-]*[a-z])")]
    private static partial Regex Named();
}
