using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using Exposition.Benchmarks;
using Perfolizer.Horology;

// Short runs by default: enough for a difference of a few percent, and done in a minute. --job overrides it.
var config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(new ThroughputColumn())
    .WithOptions(ConfigOptions.JoinSummary);
if (!args.Contains("--job"))
{
    config.AddJob(Job.Default.WithWarmupCount(5).WithMinIterationCount(3).WithMaxIterationCount(9).WithIterationTime(TimeInterval.FromMilliseconds(300)));
}

BenchmarkSwitcher.FromAssembly(typeof(Bodies).Assembly).Run(args, config);
