using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Formats.Tests;
using Exposition.Formats.Tests.Oracles;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The text reader and writer. Promises: under both name schemes, strict and lenient, the reader's families or its first
/// error are those of <see cref="SlowTextReader"/>, an independent automaton of single bytes; what the strict reader takes,
/// the lenient one takes with the same meaning, CR LF in a HELP text, parts of summaries and histograms, and swallowed lines apart; what is
/// valid under legacy names is valid under UTF-8 names; each family, and its samples alone, written and read again, are written the same.
/// </summary>
internal sealed class TextTarget : IFuzzTarget
{
    private readonly FamilySet _set = new();
    private readonly FamilySet _other = new();
    private readonly FamilySet _again = new();

    public string Name => "text";

    public IEnumerable<byte[]> Seeds => new[]
    {
        "",
        "a 1\n",
        "# HELP a b\\\\c\\nd\n# TYPE a counter\na{x=\"1\",y=\"\\\"\\\\\\n\",} +Inf\na{x=\"2\"} -1.5e-7\n",
        "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_count 2\n",
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3.5\nh_count 2\n",
        "{\"utf8 näme\",\"label.name\"=\"v\"} NaN\n",
        "a 1 1700000000000\r\nb 2 ",
        "# TYPE g gauge_histogram\ng_bucket{le=\"0.1\"} 1.5\ng_gsum 1\n# EOF\n",
        "x{\"a:b\"=\"c\",\"d.e\"=\"\"} 1\n",
        "{l=\"v\",\"a.b\",le=\"1\"} 2 -5\n#TYPE a.b x\n",
        "# TYPE s summary\ns{quantile=\"nan\",a=\"b\"} 1\n# HELP s_sum h\n{quantile=\"0.5\",s} 2\n",
        "s_count 1\n# TYPE s summary\ns{quantile=\"0.5\"} 1\n# TYPE s summary\n",
        "\ufeffm{p=\"C:\\Temp\"} -nan\n# TYPE m gauge\n# HELP m a\n# HELP m b\\\n",
        "h_bucket{le=\"1\"} 1\nh_sum 2\nh_count 3\n# TYPE h histogram\n",
        "# HELP m x # TYPE m gauge m 1\n",

        // More of everything than is searched without hashing.
        Many(20, i => $"a{i}=\"\"", "m{", ",", "} 1\n") + Many(20, i => $"b{i}=\"\"", "m{", ",", "} 1\n")
            + Many(20, i => $"a{19 - i}=\"{i}\"", "m{", ",", ",} 1\n"),
        Many(20, i => $"a{i}=\"\"", "m{", ",", ",a7=\"\"} 1\n"),
        Many(20, i => $"a{i}=\"\"", "# TYPE s summary\ns_sum{", ",", "} 1\n") + Many(20, i => $"a{19 - i}=\"\"", "s_count{", ",", "} 2\n"),
        Many(20, i => $"m{i} 1", "", "\n", "\n") + Many(20, i => $"m{19 - i} 2", "", "\n", "\n"),
        Many(20, i => $"s_sum{{a=\"{i}\",b=\"\"}} 1", "# TYPE s summary\n", "\n", "\n")
            + Many(20, i => $"s_count{{b=\"\",a=\"{19 - i}\"}} 1", "", "\n", "\n"),
    }.Select(Encoding.UTF8.GetBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. new[]
    {
        "# HELP ", "# TYPE ", "counter", "gauge", "summary", "histogram", "untyped", "gaugehistogram", "_bucket", "_sum", "_count",
        "{le=\"", "{quantile=\"", "\"} ", "\",", "+Inf", "-Inf", "NaN", "0x1p4", "1e400", "1_0", "\\n", "\\\\", "\\\"", "\r\n", "\n\n",
            " \n", "\u00e4", "{\"", "gauge_histogram", "__name__", "\u0131", "\u017f", "infinity", "e-5", "18446744073709551616",
            "9223372036854775807", " 1\n", "# ", "-nan", "\\d", "\ufeff",
    }.Select(Encoding.UTF8.GetBytes)];

    public void Run(byte[] input)
    {
        foreach (var names in new[] { NameScheme.Legacy, NameScheme.Utf8 })
        {
            AssertAnswer(input, new TextReadOptions(names, Lenient: false));
            AssertAnswer(input, new TextReadOptions(names, Lenient: true));
        }

        var legacy = TextFormat.TryRead(input, new TextReadOptions(NameScheme.Legacy, Lenient: false), _set, out _);
        var rendered = legacy ? Render(_set) : null;
        foreach (var (names, lenient) in new[] { (NameScheme.Utf8, false), (NameScheme.Legacy, true), (NameScheme.Utf8, true) })
        {
            var accepted = TextFormat.TryRead(input, new TextReadOptions(names, lenient), _other, out var error);
            // What both take and understand differently: CR LF (in a strictly read HELP text CR is text), parts that stand apart from their
            // whole, and comments without a sample that hold others.
            var comparable = legacy
                && !(lenient && (input.AsSpan().IndexOf("\r\n"u8) >= 0 || (accepted && HasParts(_other)) || _set.Families.IsEmpty));
            if (comparable && (!accepted || Render(_other) != rendered))
            {
                throw new BrokenPromiseException($"what strict legacy accepts means something else to {names}, lenient {lenient}: {error}");
            }

            if (accepted)
            {
                AssertStable(_other);
            }
        }
    }

    private static string Many(int count, Func<int, string> make, string before, string between, string after) =>
        before + string.Join(between, Enumerable.Range(0, count).Select(make)) + after;

    private void AssertAnswer(byte[] input, TextReadOptions options)
    {
        var accepted = TextFormat.TryRead(input, options, _other, out var error);
        var expected = SlowTextReader.Read(input, options, out var expectedError);
        var answer = accepted ? TextDump.Of(_other) : (error with { Hint = null }).ToString();
        var expectedAnswer = expected is null ? expectedError.ToString() : TextDump.Of(expected);
        if (answer != expectedAnswer)
        {
            throw new BrokenPromiseException($"{options}: the oracle answers\n{expectedAnswer}\nand the reader\n{answer}");
        }
    }

    private static bool HasParts(FamilySet set)
    {
        foreach (ref readonly var family in set.Families)
        {
            if (family.Type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram)
            {
                return true;
            }
        }

        return false;
    }

    private static string Render(FamilySet set)
    {
        var text = new ArrayBufferWriter<byte>();
        for (var family = 0; family < set.Families.Length; family++)
        {
            Write(set, family, text);
        }

        return Encoding.Latin1.GetString(text.WrittenSpan);
    }

    private static void Write(FamilySet set, int family, ArrayBufferWriter<byte> text)
    {
        var row = set.Families[family];
        if (row.MetricCount > 0)
        {
            TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, text);
            TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, text);
        }
    }

    /// <summary>One family at a time: two of them may well write lines that read as each other's.</summary>
    private void AssertStable(FamilySet set)
    {
        for (var family = 0; family < set.Families.Length; family++)
        {
            var row = set.Families[family];
            var samples = new ArrayBufferWriter<byte>();
            TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, samples);
            _again.Reset(samples.WrittenMemory);
            var piece = _again.AddFamily(_again.AddText(set.Text(row.Name)), row.Type);
            if (!TextFormat.TryReadSamples(piece, _again, out var error))
            {
                throw new BrokenPromiseException(
                    $"we cannot read the piece that we wrote: {error}\n{Encoding.UTF8.GetString(samples.WrittenSpan)}");
            }

            var again = new ArrayBufferWriter<byte>();
            TextFormat.WriteSamples(_again, piece, EscapingScheme.AllowUtf8, again);
            AssertSame(samples, again);
            if (!ReadsOtherwiseWhenPushed(set, in row))
            {
                AssertStable(set, family);
            }
        }
    }

    private void AssertStable(FamilySet set, int family)
    {
        var first = new ArrayBufferWriter<byte>();
        Write(set, family, first);
        if (!TextFormat.TryRead(first.WrittenMemory, new TextReadOptions(NameScheme.Utf8, Lenient: false), _again, out var error))
        {
            throw new BrokenPromiseException($"we cannot read what we wrote: {error}\n{Encoding.UTF8.GetString(first.WrittenSpan)}");
        }

        var second = new ArrayBufferWriter<byte>();
        for (var again = 0; again < _again.Families.Length; again++)
        {
            Write(_again, again, second);
        }

        AssertSame(first, second);
    }

    private static void AssertSame(ArrayBufferWriter<byte> first, ArrayBufferWriter<byte> second)
    {
        if (!second.WrittenSpan.SequenceEqual(first.WrittenSpan))
        {
            throw new BrokenPromiseException(
                "written twice, and "
                + $"differently:\n{Encoding.UTF8.GetString(first.WrittenSpan)}\n{Encoding.UTF8.GetString(second.WrittenSpan)}");
        }
    }

    /// <summary>
    /// Whether it holds what only the reader of pieces takes as it was meant. As the reference does, the writer leaves a label name with a
    /// colon without quotes, and the reader of pushed bodies refuses it; and a summary's count just below 2^64 is written as 2^64, which
    /// becomes 2^63 when pushed.
    /// </summary>
    private static bool ReadsOtherwiseWhenPushed(FamilySet set, in FamilyRow family)
    {
        for (var metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            ref readonly var row = ref set.Metrics[metric];
            if (family.Type == MetricType.Summary && (double)row.Count >= 18_446_744_073_709_551_616.0)
            {
                return true;
            }

            foreach (ref readonly var label in set.LabelsOf(metric))
            {
                var name = set.Text(label.Name);
                if (name.Contains((byte)':') && NameRules.IsValidMetricName(name, NameScheme.Legacy))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
