using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests.Adding;

/// <summary>Random histories of a group against a naive model in decimal numbers.</summary>
public sealed class AddingModelTests
{
    private const int ExpireAfter = 100;

    public enum Act
    {
        Add,
        Series,
        Families,
        Replace,
        Cumulative,

        /// <summary>The last push once more with its id, as a client does that has not heard of it.</summary>
        Retry,

        /// <summary>The last push once more with other values.</summary>
        Again,
        Delete,
        Wait,

        /// <summary>One that is refused.</summary>
        Negative,
    }

    /// <param name="Act">What is done.</param>
    /// <param name="Values">Values of the series of a counter with label x, by the label.</param>
    /// <param name="Low">What a histogram and a summary have observed.</param>
    /// <param name="Gauge">A gauge, if it is pushed.</param>
    /// <param name="Source">Who pushes.</param>
    /// <param name="HasId">Whether it has an id.</param>
    public sealed record Operation(Act Act, int[] Values, int Low, int? Gauge, int Source, bool HasId);

    [Property(MaxTest = 300)]
    public Property Any_history_of_pushes_gives_what_the_model_says() => Prop.ForAll(Histories(), history =>
    {
        var adder = new Adder(options => options.ExpiryRules = [ExpiryRule.Parse("100s")]);
        var model = new Model();
        Operation? last = null;
        string lastId = "";
        int ids = 0;
        foreach (Operation step in history)
        {
            Operation operation = step.Act switch
            {
                Act.Retry when last is not null => last,
                Act.Again when last is not null => last with { Values = [.. last.Values.Select(value => value + 1)], Low = step.Low },
                _ => step,
            };
            switch (operation.Act)
            {
                case Act.Delete:
                    adder.Store.Delete(Adder.Key);
                    model = new Model();
                    break;
                case Act.Wait:
                    adder.Clock.Advance(ExpireAfter + 1);
                    model.Clear();
                    break;
                case Act.Negative:
                    Assert.Equal(PushStatus.Unmergeable, adder.Push("# TYPE z counter\nz -1\n").Status);
                    break;
                case Act.Retry or Act.Again:
                    break;
                default:
                    string id = step.Act == Act.Retry ? lastId : operation.HasId ? $"id {ids++}" : "";
                    PushOutcome outcome = adder.Push(BodyOf(operation), ModeOf(operation.Act), id, $"source {operation.Source}");
                    Assert.True(outcome.IsStored, outcome.Error);
                    if (id.Length == 0 || model.Ids.Add(id))
                    {
                        model.Push(operation);
                    }

                    (last, lastId) = (operation, id);
                    break;
            }

            Assert.Equal(model.ToString(), adder.Shown());
        }
    });

    private static PushMode ModeOf(Act act) => act switch
    {
        Act.Add => PushMode.Add,
        Act.Series => PushMode.Series,
        Act.Families => PushMode.Merge,
        Act.Cumulative => PushMode.Cumulative,
        _ => PushMode.Replace,
    };

    private static string BodyOf(Operation operation)
    {
        var lines = new List<string> { "# TYPE c counter" };
        lines.AddRange(operation.Values.Select(
            static (value, x) => string.Create(CultureInfo.InvariantCulture, $"c{{x=\"{x}\"}} {value}")));
        if (operation.Gauge is { } gauge)
        {
            lines.Add("# TYPE g gauge");
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"g {gauge}"));
        }

        lines.Add("# TYPE h histogram");
        lines.AddRange(Model.Histogram(operation.Low, 2 * operation.Low, 3m * operation.Low));
        lines.Add("# TYPE s summary");
        lines.AddRange(Model.Summary(operation.Low, operation.Low, 5m * operation.Low));
        return string.Concat(lines.Select(static line => line + "\n"));
    }

    private static Arbitrary<Operation[]> Histories()
    {
        Gen<Operation> operation =
            from act in Gen.Frequency(
                (6, Gen.Constant(Act.Add)), (2, Gen.Constant(Act.Series)), (1, Gen.Constant(Act.Families)), (1, Gen.Constant(Act.Replace)),
                (4, Gen.Constant(Act.Cumulative)), (3, Gen.Constant(Act.Retry)), (8, Gen.Constant(Act.Again)),
                (1, Gen.Constant(Act.Delete)),
                (1, Gen.Constant(Act.Wait)), (1, Gen.Constant(Act.Negative)))
            from values in Gen.Choose(0, 1000).ArrayOf(2)
            from count in Gen.Choose(1, 3)
            from more in Gen.Choose(0, 1000).ArrayOf(count)
            from low in Gen.Choose(0, 50)
            from gauge in Gen.Choose(-3, 20)
            from source in Gen.Choose(0, 2)
            from hasId in Gen.Elements(true, false)
            select new Operation(act, more, low, gauge < 0 ? null : gauge, source, hasId);
        return Gen.Sized(size => operation.ArrayOf(Math.Max(1, size))).ToArbitrary();
    }

    private sealed class Model
    {
        private readonly SortedDictionary<int, decimal> _counters = [];
        private readonly Dictionary<int, Source> _sources = [];
        private decimal? _gauge;
        private (decimal Low, decimal All, decimal Sum)? _histogram;
        private (decimal Quantile, decimal Count, decimal Sum)? _summary;

        public HashSet<string> Ids { get; } = [];

        public static IEnumerable<string> Histogram(decimal low, decimal all, decimal sum) =>
        [
            $"h_bucket{{le=\"1\"}} {Text(low)}", $"h_bucket{{le=\"+Inf\"}} {Text(all)}", $"h_sum {Text(sum)}", $"h_count {Text(all)}",
        ];

        public static IEnumerable<string> Summary(decimal quantile, decimal count, decimal sum) =>
            [$"s{{quantile=\"0.5\"}} {Text(quantile)}", $"s_sum {Text(sum)}", $"s_count {Text(count)}"];

        public void Clear()
        {
            _counters.Clear();
            _sources.Clear();
            (_gauge, _histogram, _summary) = (null, null, null);
        }

        public void Push(Operation push)
        {
            if (push.Act == Act.Replace)
            {
                Clear();
            }
            else if (push.Act == Act.Families)
            {
                _counters.Clear();
            }

            bool adds = push.Act is Act.Add or Act.Cumulative;
            bool isCumulative = push.Act == Act.Cumulative;
            if (isCumulative)
            {
                _sources.TryAdd(push.Source, new Source());
            }

            Source? source = isCumulative ? _sources[push.Source] : null;
            for (int x = 0; x < push.Values.Length; x++)
            {
                decimal value = push.Values[x];
                decimal grown = source is null
                    || !source.Counters.TryGetValue(x, out decimal before) || value < before ? value : value - before;
                if (source is not null)
                {
                    source.Counters[x] = value;
                }

                _counters[x] = adds ? _counters.GetValueOrDefault(x) + grown : value;
            }

            _gauge = push.Gauge ?? _gauge;
            int low = push.Low;
            int last = source is { Low: { } known } && known <= low ? known : 0;
            (decimal oldLow, decimal oldAll, decimal oldSum) = adds && _histogram is { } h ? h : default;
            (_, decimal oldCount, decimal oldTotal) = adds && _summary is { } s ? s : default;
            _histogram = (oldLow + low - last, oldAll + (2 * (low - last)), oldSum + (3 * (low - last)));
            _summary = (low, oldCount + low - last, oldTotal + (5 * (low - last)));
            if (source is not null)
            {
                source.Low = low;
            }
        }

        public override string ToString() => string.Join('\n', (string[])
        [
            .. _counters.Select(static counter => $"c{{x=\"{counter.Key}\"}} {Text(counter.Value)}"),
            .. _gauge is { } gauge ? (string[])["g " + Text(gauge)] : [],
            .. _histogram is { } h ? Histogram(h.Low, h.All, h.Sum) : [],
            .. _summary is { } s ? Summary(s.Quantile, s.Count, s.Sum) : [],
        ]);

        private static string Text(decimal value) => value.ToString("0.####", CultureInfo.InvariantCulture);

        private sealed class Source
        {
            public Dictionary<int, decimal> Counters { get; } = [];

            public int? Low { get; set; }
        }
    }
}
