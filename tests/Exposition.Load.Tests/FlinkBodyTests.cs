using System.Text;
using Exposition.Formats;
using Exposition.Load.Bodies;
using Exposition.Load.Clients;

namespace Exposition.Load.Tests;

/// <summary>What the simulated task managers push.</summary>
public sealed class FlinkBodyTests
{
    [Fact]
    public void The_strict_reader_takes_all_of_it()
    {
        FlinkTaskManager manager = new(3, 2, new Random(1));
        var set = new FamilySet();
        Assert.True(
            TextFormat.TryRead(manager.Body.Bytes, new TextReadOptions(NameScheme.Legacy, Lenient: false), set, out FormatError error),
            error.ToString());
        Assert.Equal(FlinkFamily.All.Count, set.Views.Count);
        Assert.Equal(ExpositionText.Parse(manager.Body.Bytes).Count, manager.Body.Series);
    }

    // Recorded of a task manager with two slots and five operators: 316 families, 842 series, 474,110 bytes.
    [Fact]
    public void It_is_of_the_size_that_was_recorded()
    {
        FlinkTaskManager manager = new(3, 2, new Random(1));
        Assert.InRange(FlinkFamily.All.Count, 300, 330);
        Assert.InRange(manager.Body.Series, 750, 900);
        Assert.InRange(manager.Body.Bytes.Length, 330_000, 500_000);
    }

    [Fact]
    public void No_series_is_there_twice()
    {
        MetricSample[] samples = [.. ExpositionText.Parse(new FlinkTaskManager(0, 3, new Random(1)).Body.Bytes)];
        Assert.Equal(samples.Length, samples.Select(static sample => sample.Name + sample.Labels).Distinct().Count());
    }

    [Fact]
    public void Names_change_at_a_restart_and_jobs_stay()
    {
        FlinkTaskManager manager = new(7, 2, new Random(1));
        (string group, HashSet<string> before) = (manager.JobName, Values(manager, "task_attempt_id", "tm_id"));
        HashSet<string> jobs = Values(manager, "job_id", "task_id", "operator_id");
        manager.Restart();
        Assert.NotEqual(group, manager.JobName);
        Assert.Empty(before.Intersect(Values(manager, "task_attempt_id", "tm_id")));
        Assert.Equal(jobs, Values(manager, "job_id", "task_id", "operator_id"));
        Assert.Equal(["1"], Values(manager, "task_attempt_num"));
        Assert.Equal(1, manager.Restarts);
    }

    [Fact]
    public void One_seed_makes_one_body() => Assert.Equal(
        new FlinkTaskManager(0, 2, new Random(5)).Body.Bytes, new FlinkTaskManager(0, 2, new Random(5)).Body.Bytes);

    [Fact]
    public void A_rewritten_body_has_other_values_and_nothing_else()
    {
        PushBody body = new FlinkTaskManager(0, 2, new Random(1)).Body;
        PushBody rewritten = body.Copy();
        rewritten.Rewrite(new Random(2));
        MetricSample[] before = [.. ExpositionText.Parse(body.Bytes)], after = [.. ExpositionText.Parse(rewritten.Bytes)];
        Assert.Equal(body.Bytes.Length, rewritten.Bytes.Length);
        Assert.Equal(before.Select(static s => s.Name + s.Labels), after.Select(static s => s.Name + s.Labels));
        int changed = before.Zip(after).Count(static pair => !pair.First.Value.Equals(pair.Second.Value));
        Assert.InRange(changed / (double)before.Length, 0.2, 0.5);
        Assert.All(
            after.Where(static s => s.Type == MetricType.Summary && s.Name.EndsWith("_count", StringComparison.Ordinal)),
            static s => Assert.Equal(Math.Floor(s.Value), s.Value));
    }

    [Fact]
    public void Small_bodies_are_counters_that_go_on_being_whole()
    {
        PushBody body = SmallBody.Make();
        for (int i = 0; i < 20; i++)
        {
            body.Rewrite(new Random(i));
            IReadOnlyList<MetricSample> samples = ExpositionText.Parse(body.Bytes);
            Assert.Equal(SmallBody.Series, samples.Count);
            Assert.All(samples, static sample => Assert.InRange(sample.Value, 1_000_000, 99_999_999));
        }
    }

    [Fact]
    public void What_libraries_write_are_gauges_alone() => Assert.All(
        ExpositionText.Parse(LibraryCase.Gauges()), static sample => Assert.Equal(MetricType.Gauge, sample.Type));

    private static HashSet<string> Values(FlinkTaskManager manager, params string[] labels) =>
        [.. ExpositionText.Parse(Encoding.ASCII.GetString(manager.Body.Bytes))
            .SelectMany(sample => labels.Select(label => sample.Labels.GetValueOrEmpty(label))).Where(static value => value.Length > 0)];
}
