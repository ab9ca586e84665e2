using System.Buffers;
using System.Diagnostics;
using System.Text;
using Exposition.Formats.Go;
using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Writing;

namespace Exposition.Formats;

// What is written becomes rows of a set, and a family goes out through the writers of the formats when it is complete: one implementation
// of each format, and a length can stand before a family, or its form depend on all of it. So a writer over a set is a writer without that
// last step. Text goes out in parts, so that a family of any size takes the memory of a part.

/// <summary>
/// A forward-only writer of expositions, family by family: text 0.0.4, OpenMetrics 1.0 or protobuf to a buffer, or rows into a
/// <see cref="FamilySet"/>. It checks what it is given and says what is wrong, so that what it writes can be read. Nothing is allocated
/// once it is warm. Not safe for concurrent use.
/// </summary>
/// <remarks>
/// <para>What the format has no place for is left out: exemplars, created times and units in text 0.0.4, native buckets in all but
/// protobuf. A family without samples is left out, too. A value that OpenMetrics does not allow under the family's type (a negative
/// counter) makes the family one of unknown type there.</para>
/// <para>The family at hand is kept until the next one is started, or <see cref="Complete"/> is called: without that call the end is
/// missing. A call that throws leaves nothing of its sample behind, and the writer can go on.</para>
/// </remarks>
/// <example>
/// <code>
/// var output = new ArrayBufferWriter&lt;byte&gt;();
/// var writer = new ExpositionWriter(output, new ExpositionWriterOptions(ScrapeFormat.OpenMetrics));
/// writer.StartFamily("http_requests_total", MetricType.Counter, "Requests that were answered.");
/// writer.WriteSample(17, ("code", "200"), ("path", "/"));
/// writer.WriteExemplar(1, DateTimeOffset.UnixEpoch, ("trace_id", "5b8efff798038103"));
/// writer.StartFamily("request_seconds", MetricType.Histogram, "How long they took.", "seconds");
/// writer.WriteHistogram([new(0.1, 15), new(1, 17)], count: 17, sum: 3.5);
/// writer.Complete();
/// </code>
/// </example>
[DebuggerDisplay("{_stage}, {_set}")]
public sealed partial class ExpositionWriter
{
    // Of text, so much is kept at most.
    private const int PartBytes = 64 << 10;

    private readonly FamilySet _set;
    private readonly bool _checks;
    private readonly NameClaims _claims;
    private readonly TextIntake _texts;
    private readonly MetricDraft _draft;
    private readonly FamilyOutput? _families;
    private IBufferWriter<byte>? _output;
    private Stage _stage;
    private FamilySet.Mark _familyStart;
    private int _scratchStart;

    /// <summary>Makes a writer of one exposition, or of several one after the other (<see cref="Reset"/>).</summary>
    /// <param name="output">Where the exposition goes; advanced by what was written, not flushed.</param>
    /// <param name="options">The format, what becomes of names, and whether to check.</param>
    public ExpositionWriter(IBufferWriter<byte> output, ExpositionWriterOptions options = default)
        : this(new FamilySet(), new FamilyOutput(options.Format, options.Escaping), options.Escaping, !options.SkipValidation)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
    }

    /// <summary>
    /// Makes a writer into a set, for a source of metrics (<see cref="IMetricSource"/>) that has more than counters and gauges. Names stay
    /// as they are. What is in the set already stays there; its names are not looked at.
    /// </summary>
    /// <param name="into">The set. Nothing else may add to it until <see cref="Complete"/>.</param>
    public ExpositionWriter(FamilySet into)
        : this(into, null, EscapingScheme.AllowUtf8, checks: true)
    {
    }

    private ExpositionWriter(FamilySet set, FamilyOutput? families, EscapingScheme escaping, bool checks)
    {
        ArgumentNullException.ThrowIfNull(set, "into");
        _set = set;
        _families = families;
        _checks = checks;
        _claims = new NameClaims(families is { IsOpenMetrics: true });
        _texts = new TextIntake(set, escaping, checks);
        _draft = new MetricDraft(set, _texts, families is null or { HasExtras: true });
    }

    private enum Stage : byte
    {
        Empty,
        Family,

        // Labels have been added to a metric without a value.
        Labels,
        Metric,
        Completed,
    }

    /// <summary>The Content-Type of what is written; of a writer into a set, of no meaning and empty.</summary>
    public string ContentType => _families?.ContentType ?? "";

    /// <summary>Starts a family; the one before it is complete.</summary>
    /// <param name="name">Its name, unescaped. In OpenMetrics a counter's ends in <c>_total</c>.</param>
    /// <param name="type">Its type.</param>
    /// <param name="help">What the values mean; null or empty for nothing.</param>
    /// <param name="unit">The unit; null or empty for none. In OpenMetrics the name ends in it, a counter's before <c>_total</c>.</param>
    /// <exception cref="ArgumentException">The name, the type, the help text or the unit cannot be written; the message says
    /// why.</exception>
    /// <exception cref="InvalidOperationException">An earlier family has this name, or a sample of this name; or labels were added and no
    /// sample was written; or the exposition is complete.</exception>
    public void StartFamily(string name, MetricType type, string? help, string? unit)
    {
        EndFamily(nameof(StartFamily));
        Start(_texts.Take(name, nameof(name)), type, _texts.Take(help ?? "", nameof(help)), _texts.Take(unit ?? "", nameof(unit)));
    }

    /// <inheritdoc cref="StartFamily(string, MetricType, string?, string?)"/>
    public void StartFamily(string name, MetricType type, string? help) => StartFamily(name, type, help, null);

    /// <inheritdoc cref="StartFamily(string, MetricType, string?, string?)"/>
    public void StartFamily(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help) => StartFamily(name, type, help, default);

    /// <inheritdoc cref="StartFamily(string, MetricType, string?, string?)"/>
    public void StartFamily(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help, ReadOnlySpan<byte> unit)
    {
        EndFamily(nameof(StartFamily));
        Start(_texts.Take(name, nameof(name)), type, _texts.Take(help, nameof(help)), _texts.Take(unit, nameof(unit)));
    }

    /// <summary>Writes what is left, and in OpenMetrics the line that every exposition ends with. Nothing can be written behind
    /// it.</summary>
    /// <exception cref="InvalidOperationException">Labels were added and no sample was written, or the exposition is complete already.
    /// </exception>
    public void Complete()
    {
        EndFamily(nameof(Complete));
        _stage = Stage.Completed;
        if (_output is not null)
        {
            _families!.WriteEnd(_output);
        }
    }

    /// <summary>Begins another exposition. What has not been written of the last one is forgotten.</summary>
    /// <param name="output">Where it goes.</param>
    /// <exception cref="InvalidOperationException">The writer writes into a set.</exception>
    public void Reset(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_families is null)
        {
            throw new InvalidOperationException("A writer into a set is for that set only: make another one.");
        }

        _output = output;
        _set.Reset();
        _draft.Drop();
        _families.Restart();
        _claims.Clear();
        _stage = Stage.Empty;
    }

    private void Start(TextRef name, MetricType type, TextRef help, TextRef unit)
    {
        name = _texts.Escape(name);
        if (_checks)
        {
            try
            {
                CheckFamily(_set.Text(name), type, _set.Text(unit));
            }
            catch
            {
                _set.Scratch.Truncate(_scratchStart);
                throw;
            }
        }

        int family = _set.AddFamily(name, type);
        (_set.Families[family].Help, _set.Families[family].HasHelp, _set.Families[family].Unit) = (help, !help.IsEmpty, unit);
        _familyStart = _set.TakeMark();
        _stage = Stage.Family;
    }

    private void CheckFamily(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> unit)
    {
        if (name.IsEmpty)
        {
            throw new ArgumentException("The name of the family is empty.", nameof(name));
        }

        if (type > MetricType.GaugeHistogram)
        {
            throw new ArgumentException($"There is no type {(int)type}.", nameof(type));
        }

        if (_families is { IsOpenMetrics: true })
        {
            bool isCounter = type == MetricType.Counter;
            if (isCounter && !OpenMetricsNames.IsCounter(name))
            {
                throw new ArgumentException(
                    $"The name of a counter ends in \"_total\" in OpenMetrics; {GoQuote.Text(name)} does not.", nameof(name));
            }

            if (!unit.IsEmpty && (unit.Contains((byte)'\n')
                || !OpenMetricsReader.IsUnitOf(isCounter ? name[..^"_total".Length] : name, unit)))
            {
                throw new ArgumentException($"The name {GoQuote.Text(name)} does not end in \"_\" and its unit {GoQuote.Text(unit)}"
                    + $"{(isCounter ? ", before \"_total\"" : "")}, which OpenMetrics demands.", nameof(unit));
            }
        }

        _claims.Take(name, type);
    }

    private void EndFamily(string method)
    {
        if (_stage is Stage.Completed or Stage.Labels)
        {
            throw new InvalidOperationException(_stage == Stage.Completed
                ? $"{method}: the exposition is complete; nothing can be written behind its end."
                : $"{method}: labels were added, but the sample that they belong to was not written.");
        }

        if (_stage != Stage.Empty)
        {
            _draft.End();
            if (_output is not null)
            {
                WritePart(isLast: true);
                _set.Reset();
            }
            else if (_set.Families[^1].MetricCount == 0)
            {
                _set.FamilyList.Truncate(_set.Families.Length - 1);
                _set.Scratch.Truncate(_scratchStart);
            }
        }

        _stage = Stage.Empty;
        _scratchStart = _set.Scratch.Count;
    }

    private void WritePart(bool isLast) => _families!.Write(_set, _set.Families.Length - 1, isLast, _output!);

    private string FamilyName => Encoding.UTF8.GetString(_set.Text(_set.Families[^1].Name));
}
