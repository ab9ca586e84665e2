using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Exposition.Benchmarks;
using Perfolizer.Horology;

// Short runs by default: enough for a difference of a few percent, and a suite is done in a minute or two. --job overrides them.
var config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
    .AddColumn(StatisticColumn.Min, new ThroughputColumn())
    .HideColumns(Column.Error, Column.StdDev, Column.RatioSD, Column.AllocRatio)
    .WithOptions(ConfigOptions.JoinSummary);
if (!args.Contains("--job"))
{
    config.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(3).WithMinIterationCount(3).WithMaxIterationCount(6).WithIterationTime(TimeInterval.FromMilliseconds(200)));
}

BenchmarkSwitcher.FromAssembly(typeof(Bodies).Assembly).Run(args, config);
