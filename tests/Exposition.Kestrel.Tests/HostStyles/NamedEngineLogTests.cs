using System.Collections.Concurrent;
using Exposition.Kestrel.Tests.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>Lines of a host with several engines say of which they are; those of the engine without a name do not.</summary>
public sealed class NamedEngineLogTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_refusal_says_which_engine_has_refused(bool raw)
    {
        using var log = new ScopedLog();
        await using StyleHost host = await StyleHost.StartAsync(raw ? ["", "batch"] : [], static services =>
        {
            services.AddExposition();
            services.AddExposition("batch", static options => options.MaxSeriesPerPush = 1);
        }, static app =>
        {
            app.MapExposition();
            app.MapExposition("/batch", "batch");
        }, log: log);

        Assert.Equal(400, (await host.SendAsync("PUT", "/metrics/job/a", "{\n")).Status);
        Assert.Equal(400, (await host.SendAsync("PUT", "/batch/metrics/job/a", "{\n")).Status);
        Assert.Equal(413, (await host.SendAsync("PUT", "/batch/metrics/job/a", "a 1\nb 1\n")).Status);
        Assert.Equal(405, (await host.SendAsync("PUT", "/batch/metrics")).Status);

        var lines = log.Lines.ToArray();
        Assert.Equal([null, "batch", "batch", "batch"], lines.Select(static line => line.Values.GetValueOrDefault("engine")).Order());
        Assert.Equal(["failed to parse text", "failed to parse text", "push refused by a limit", "request refused"],
            lines.Select(static line => line.Text[..line.Text.IndexOf(" method=", StringComparison.Ordinal)])
                .Order(StringComparer.Ordinal));
        Assert.All(lines, static line => Assert.Equal(
            line.Values.ContainsKey("engine"), line.Text.Contains(" engine=batch reason=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_said_to_the_operator_is_in_a_scope_of_the_engine()
    {
        using var log = new ScopedLog();
        await using StyleHost host = await StyleHost.StartAsync(["", "batch"], static services =>
        {
            services.AddAuthorization().AddAuthentication("t").AddScheme<AuthenticationSchemeOptions, Nobody>("t", null);
            services.AddExposition();
            services.AddExposition("batch");
        }, static app =>
        {
            app.MapExposition().RequireAuthorization();
            app.MapExposition("/batch", "batch").RequireAuthorization();
        }, log: log);

        await host.SendAsync("PUT", "/metrics/job/a", "a 1\n");

        Assert.Equal([null, "batch"], log.Lines.Select(static line => line.Values.GetValueOrDefault("engine")).Order());
        Assert.All(log.Lines, static line => Assert.StartsWith("The raw door leaves", line.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_name_is_cut_and_leaves_the_line_its_bounds()
    {
        var lines = new LinesKept();
        var log = new Logging.ClientLog(lines, new Logging.LogBudget(TimeProvider.System), new string('n', 10_000));

        log.Begin(LogLevel.Warning, "m", "r")!.Add("a", new string('x', 10_000)).Add("b", new string('x', 10_000))
            .Add("c", new string('x', 10_000)).Add("d", new string('x', 10_000)).Write();

        Assert.EndsWith("(10000 bytes)", (string)lines.Last["engine"]!, StringComparison.Ordinal);
        Assert.InRange(lines.Bytes, 3000, Logging.LogBudget.LineBytes);
    }

    /// <summary>Keeps the lines of engines with the attributes of their states and scopes.</summary>
    private sealed class ScopedLog : ILoggerProvider, ILogger
    {
        private readonly AsyncLocal<IEnumerable<KeyValuePair<string, object?>>?> _scope = new();

        public ConcurrentQueue<(string Text, Dictionary<string, object?> Values)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => categoryName == typeof(ExpositionEngine).FullName
            ? this
            : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            if (state is not IEnumerable<KeyValuePair<string, object?>> values || values.All(static value => value.Key != "engine"))
            {
                return null;
            }

            _scope.Value = values;
            return new End(this);
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception) is var text && !text.StartsWith("push method=", StringComparison.Ordinal))
            {
                var values = (IEnumerable<KeyValuePair<string, object?>>)state!;
                Lines.Enqueue((text, values.Concat(_scope.Value ?? []).DistinctBy(static value => value.Key).ToDictionary()));
            }
        }

        public void Dispose()
        {
        }

        private sealed class End(ScopedLog log) : IDisposable
        {
            public void Dispose() => log._scope.Value = null;
        }
    }
}
