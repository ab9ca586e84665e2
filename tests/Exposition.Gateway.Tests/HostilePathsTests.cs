using Exposition.Gateway.CommandLine;

namespace Exposition.Gateway.Tests;

/// <summary>Whatever a flag holds that becomes a path: no route parser sees what it cannot read.</summary>
public class HostilePathsTests
{
    public static TheoryData<string> Paths =>
    [
        "{", "}", "{x}", "{**x}", "*", "//", "///", "/a//b", "?", "/a?b", "#", "%", "%zz", "%2f", " ", "/a b", "\t", "\u007f", "ü", "\\",
            ".", "..",
        "/../x", "~", "a:b", "", "/",
    ];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_path_is_clean_or_refused(string value)
    {
        foreach (string flag in (
            string[])["--web.route-prefix=", "--web.telemetry-path=", "--web.external-url=http://h/", "--web.external-url=http://h//"])
        {
            try
            {
                var options = new Kestrel.ExpositionOptions();
                Flags flags = Flags.Parse([flag + value]);
                options.RoutePrefix = flags.Prefix;
                options.TelemetryPath = WebPaths.Join("", flags.TelemetryPath);
                Assert.DoesNotContain("//", options.RoutePrefix + options.TelemetryPath, StringComparison.Ordinal);
                Assert.Null(Record.Exception(
                    () => Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse(options.RoutePrefix + options.TelemetryPath)));
            }
            catch (FlagException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }
}
