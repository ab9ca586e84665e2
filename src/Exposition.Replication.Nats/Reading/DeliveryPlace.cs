using System.Globalization;

namespace Exposition.Replication.Nats.Reading;

/// <summary>Where a delivered message stands, as the subject of its acknowledgement says.</summary>
/// <param name="Sequence">In the stream.</param>
/// <param name="Count">In what the consumer has delivered, from 1.</param>
/// <param name="Pending">How many messages come after it.</param>
internal readonly record struct DeliveryPlace(ulong Sequence, ulong Count, ulong Pending)
{
    // $JS.ACK.STREAM.CONSUMER.tries.sequence.count.time.pending, or with a domain and an account before the stream and more at the end.
    private const int ShortForm = 9;
    private const int LeastOfLongForm = 11;
    private const int MoreInLongForm = 2;

    public static bool TryParse(string? subject, out DeliveryPlace place)
    {
        place = default;
        string[] words = (subject ?? "").Split('.');
        if ((words.Length != ShortForm && words.Length < LeastOfLongForm) || words[0] != "$JS" || words[1] != "ACK")
        {
            return false;
        }

        int more = words.Length == ShortForm ? 0 : MoreInLongForm;
        bool isPlace = Number(words[5 + more], out ulong sequence) & Number(words[6 + more], out ulong count)
            & Number(words[8 + more], out ulong pending);
        place = new DeliveryPlace(sequence, count, pending);
        return isPlace;
    }

    private static bool Number(string word, out ulong number) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
