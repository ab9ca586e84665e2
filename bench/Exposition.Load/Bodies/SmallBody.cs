using System.Globalization;

namespace Exposition.Load.Bodies;

/// <summary>What a job pushes: ten series, 1.1 KiB.</summary>
internal static class SmallBody
{
    public const int Series = 10;

    public static PushBody Make() => PushBody.Of("# TYPE rows_processed_total counter\n" + string.Concat(Enumerable.Range(0, Series).Select(
        static i => string.Create(
            CultureInfo.InvariantCulture,
            $"rows_processed_total{{table=\"table_{i}\",stage=\"load\",worker=\"w-01\",shard=\"{i}\",region=\"eu-central-1\",version=\"1.12.{i}\"}} {(i + 1) * 1234567}\n"))));
}
