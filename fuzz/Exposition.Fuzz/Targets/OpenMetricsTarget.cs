using System.Buffers;
using System.Text;
using Exposition.Formats;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The OpenMetrics reader and writer. Promises: no input makes them throw; what is valid under legacy names is valid under UTF-8 names with
/// the same meaning; what was read and written is read again and written the same, also by way of protobuf; a body of plain samples means
/// the same to the text reader.
/// </summary>
internal sealed class OpenMetricsTarget : IFuzzTarget
{
    private readonly FamilySet _set = new();
    private readonly FamilySet _other = new();

    public string Name => "openmetrics";

    public IEnumerable<byte[]> Seeds => new[]
    {
        "# EOF\n",
        "a 1\nb{x=\"1\",y=\"\\\"\\\\\\n\"} -1.5e-7\n# EOF",
        "# TYPE c counter\n# HELP c a\\\\b\\nc\\\"d\nc_total{x=\"1\"} 3 # {t=\"1\"} 0.5 1.5\nc_created{x=\"1\"} "
            + "1520430000.123\nc_total{x=\"2\"} 3\n# EOF\n",
        "# TYPE h_s histogram\n# UNIT h_s s\nh_s_bucket{le=\"1.0\"} 1 # {} 0.5\nh_s_bucket{le=\"+Inf\"} 2 # {a=\"b\",c=\"d\"} 7 "
            + "1.7e+09\nh_s_count 2\nh_s_sum 3.5\nh_s_created 1.7e9\n# EOF\n",
        "# TYPE g gaugehistogram\ng_bucket{le=\"-1\"} 1\ng_bucket{le=\"+Inf\"} 2\ng_gcount 2\ng_gsum -1\n# EOF\n",
        "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 3\ns_count 2\ns_created 5\n# TYPE i info\ni_info{a=\"b\"} 1\n# TYPE t "
            + "stateset\nt{x=\"y\",t=\"a\"} 1\nt{x=\"y\",t=\"b\"} 0\n# EOF\n",
        "# TYPE \"a.b\" counter\n{\"a.b_total\",\"l.x\"=\"v\"} 1 2.5 # {\"t.u\"=\"v\"} 1\n# TYPE u unknown\nu 1 1\nu 1 2\n# EOF\n",
    }.Select(Encoding.UTF8.GetBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. new[]
    {
        "# HELP ", "# TYPE ", "# UNIT ", "# EOF\n", " counter\n", " gauge\n", " summary\n", " histogram\n", " unknown\n",
            " gaugehistogram\n", " info\n", " stateset\n",
        "_bucket", "_sum", "_count", "_gsum", "_gcount", "_total", "_created", "_info", "{le=\"", "{quantile=\"", "\"} ", "\",", "+Inf",
            "NaN", " # {",
        "1e400", "18446744073709551615", "1.7e+09", "-0", "\\n", "\\\\", "\\\"", "ä", "{\"", " 1\n",
    }.Select(Encoding.UTF8.GetBytes)];

    public void Run(byte[] input)
    {
        string? legacy = OpenMetricsFormat.TryRead(input, NameScheme.Legacy, _set, out _) ? Encoding.UTF8.GetString(Render(_set)) : null;
        bool accepted = OpenMetricsFormat.TryRead(input, NameScheme.Utf8, _set, out var error);
        if (legacy is not null && (!accepted || Encoding.UTF8.GetString(Render(_set)) != legacy))
        {
            throw new BrokenPromiseException($"what legacy names allow means something else with UTF-8 names: {error}");
        }

        if (!accepted)
        {
            return;
        }

        byte[] first = Render(_set);
        byte[] transcoded = Transcode(_set);
        AssertPlainSamplesAgree(input);
        if (!OpenMetricsFormat.TryRead(first, NameScheme.Utf8, _set, out error))
        {
            throw new BrokenPromiseException($"we cannot read what we wrote: {error}\n{Encoding.UTF8.GetString(first)}");
        }

        AssertSame("written twice, and differently", first, Render(_set));
        AssertSame("by way of protobuf it is written differently", first, transcoded);
    }

    private static void AssertSame(string promise, byte[] first, byte[] second)
    {
        if (!first.AsSpan().SequenceEqual(second))
        {
            throw new BrokenPromiseException($"{promise}:\n{Encoding.UTF8.GetString(first)}\n{Encoding.UTF8.GetString(second)}");
        }
    }

    private static byte[] Render(FamilySet set)
    {
        var text = new ArrayBufferWriter<byte>();
        for (var family = 0; family < set.Families.Length; family++)
        {
            OpenMetricsFormat.Write(set, family, EscapingScheme.AllowUtf8, text);
        }

        OpenMetricsFormat.WriteEnd(text);
        return text.WrittenSpan.ToArray();
    }

    /// <summary>Writes the set as protobuf, reads that, and writes it as OpenMetrics.</summary>
    private byte[] Transcode(FamilySet set)
    {
        var whole = new ArrayBufferWriter<byte>();
        for (var family = 0; family < set.Families.Length; family++)
        {
            var metrics = new ArrayBufferWriter<byte>();
            ProtobufFormat.WriteMetrics(set, family, metrics);
            var row = set.Families[family];
            ProtobufFormat.WriteHeader(
                set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), set.Text(row.Unit), EscapingScheme.AllowUtf8,
                    metrics.WrittenCount, whole);
            whole.Write(metrics.WrittenSpan);
        }

        return ProtobufFormat.TryRead(whole.WrittenMemory, _other, out var error)
            ? Render(_other)
            : throw new BrokenPromiseException($"the protobuf that we wrote cannot be read: {error}");
    }

    /// <summary>Without metadata, escapes and times the two languages are the same.</summary>
    private void AssertPlainSamplesAgree(byte[] input)
    {
        var isPlain = !input.AsSpan().Contains((byte)'\\') && input.AsSpan().Count((byte)'#') == 1;
        foreach (var metric in _set.Metrics)
        {
            isPlain &= (metric.Content & MetricContent.Timestamp) == 0;
        }

        if (!isPlain)
        {
            return;
        }

        // The last line needs no end here; in text it is a comment, and that does.
        byte[] ours = RenderText(_set);
        byte[] text = [.. input, (byte)'\n'];
        if (!TextFormat.TryRead(text, new TextReadOptions(NameScheme.Utf8, Lenient: true), _other, out var error))
        {
            throw new BrokenPromiseException($"plain samples that are no text: {error}");
        }

        AssertSame("plain samples mean something else as text", ours, RenderText(_other));
    }

    private static byte[] RenderText(FamilySet set)
    {
        var text = new ArrayBufferWriter<byte>();
        for (var family = 0; family < set.Families.Length; family++)
        {
            TextFormat.WriteSamples(set, family, EscapingScheme.AllowUtf8, text);
        }

        return text.WrittenSpan.ToArray();
    }
}
