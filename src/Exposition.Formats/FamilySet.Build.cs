using System.Text;

namespace Exposition.Formats;

// Building by hand, in one line a sample. What needs histograms, exemplars or checks uses an ExpositionWriter over the set.

public sealed partial class FamilySet
{
    /// <summary>Adds a gauge, or one more to the gauges of the same name if they are the family added last.</summary>
    /// <param name="name">The family's name.</param>
    /// <param name="help">What the value means; it counts with the first gauge of the family.</param>
    /// <param name="value">The value.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentNullException">The name or the help text, or a label's name or value, is null.</exception>
    public void AddGauge(string name, string help, double value, params ReadOnlySpan<Label> labels)
    {
        EnterFamily(name, MetricType.Gauge, help);
        AddSample(value, labels);
    }

    /// <summary>Adds a counter, or one more to the counters of the same name if they are the family added last.</summary>
    /// <param name="name">The family's name; it had best end in <c>_total</c>, without which OpenMetrics knows no counters.</param>
    /// <param name="help">What is counted.</param>
    /// <param name="value">The value.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentNullException">The name or the help text, or a label's name or value, is null.</exception>
    public void AddCounter(string name, string help, double value, params ReadOnlySpan<Label> labels)
    {
        EnterFamily(name, MetricType.Counter, help);
        AddSample(value, labels);
    }

    /// <summary>Adds a gauge without labels in a family of its own, from UTF-8.</summary>
    /// <param name="name">The family's name, which no other family of the set may have; copied.</param>
    /// <param name="help">What the value means; copied.</param>
    /// <param name="value">The value.</param>
    public void AddGauge(ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double value)
    {
        AddFamily(name, MetricType.Gauge, help);
        AddSample(value);
    }

    /// <summary>Adds a counter without labels in a family of its own, from UTF-8.</summary>
    /// <param name="name">The family's name, which no other family of the set may have; copied.</param>
    /// <param name="help">What is counted; copied.</param>
    /// <param name="value">The value.</param>
    public void AddCounter(ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double value)
    {
        AddFamily(name, MetricType.Counter, help);
        AddSample(value);
    }

    /// <summary>Starts a family with a help text.</summary>
    /// <param name="name">The family's name, which no other family of the set may have.</param>
    /// <param name="type">The type.</param>
    /// <param name="help">What the values mean.</param>
    /// <returns>Its index in <see cref="Families"/>.</returns>
    public int AddFamily(string name, MetricType type, string help)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(help);
        int family = AddFamily(AddText(name), type);
        Families[family].Help = AddText(help);
        Families[family].HasHelp = true;
        return family;
    }

    /// <summary>Adds a value to the family added last.</summary>
    /// <param name="value">The value.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <returns>The metric's index in <see cref="Metrics"/>.</returns>
    /// <exception cref="InvalidOperationException">There is no family, or its type has more than a value.</exception>
    public int AddSample(double value, params ReadOnlySpan<Label> labels)
    {
        int family = Families.Length - 1;
        MetricContent kind = family < 0 ? MetricContent.None : ScalarOf(Families[family].Type);
        if (kind == MetricContent.None)
        {
            throw new InvalidOperationException(family < 0
                ? "AddSample needs a family to add to: call AddFamily first."
                : $"AddSample is for counters, gauges and untyped values; \"{Encoding.UTF8.GetString(Text(Families[family].Name))}\" is a "
                    + $"{Families[family].Type}: write it with an ExpositionWriter over the set.");
        }

        foreach (ref readonly Label label in labels)
        {
            ArgumentNullException.ThrowIfNull(label.Name, nameof(labels));
            ArgumentNullException.ThrowIfNull(label.Value, nameof(labels));
        }

        int metric = AddMetric(family);
        foreach (ref readonly Label label in labels)
        {
            AddLabel(AddText(label.Name), AddText(label.Value));
        }

        Metrics[metric].Content = kind;
        Metrics[metric].Value = value;
        return metric;
    }

    /// <summary>The families, to be walked and looked at without indexes.</summary>
    public FamilyViews Views => new(this);

    private void EnterFamily(string name, MetricType type, string help)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Families.IsEmpty || Families[^1].Type != type || !IsText(Families[^1].Name, name))
        {
            AddFamily(name, type, help);
        }
    }

    private bool IsText(TextRef text, string other)
    {
        int start = _scratch.Count;
        bool same = Text(text).SequenceEqual(Text(AddText(other)));
        _scratch.Truncate(start);
        return same;
    }

    // What is no UTF-16 becomes U+FFFD.
    internal TextRef AddText(string text)
    {
        int start = _scratch.Count;
        int length = Encoding.UTF8.GetBytes(text, _scratch.AddRange(Encoding.UTF8.GetMaxByteCount(text.Length)));
        _scratch.Truncate(start + length);
        return new TextRef(~start, length);
    }

    /// <summary>The content of a metric that is one value, or nothing for other types.</summary>
    internal static MetricContent ScalarOf(MetricType type) => type switch
    {
        MetricType.Counter => MetricContent.Counter,
        MetricType.Gauge => MetricContent.Gauge,
        MetricType.Untyped => MetricContent.Untyped,
        _ => MetricContent.None,
    };

    // How far the last family has been built, for what is taken back or written already.
    internal Mark TakeMark() => new(_scratch.Count, _metrics.Count, _labels.Count, _points.Count, Families[^1]);

    internal void ReturnTo(in Mark mark)
    {
        _scratch.Truncate(mark.Scratch);
        _metrics.Truncate(mark.Metrics);
        _labels.Truncate(mark.Labels);
        _points.Truncate(mark.Points);
        Families[^1] = mark.Family;
        if (mark.Family.LastMetric >= 0)
        {
            Metrics[mark.Family.LastMetric].Next = -1;
        }
    }

    internal readonly record struct Mark(int Scratch, int Metrics, int Labels, int Points, FamilyRow Family);
}
