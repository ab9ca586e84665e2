using System.Buffers;
using System.Globalization;

namespace Exposition.Gateway.Web;

// "$2" [ "a" / "b" / "x" / "y" ] "$" cost "$" 22 characters of salt and 31 of hash, in bcrypt's own base64; cost = 2DIGIT, 04 to 31.

/// <summary>Checks the form of bcrypt hashes, so that a wrong one stops the start and not the first request.</summary>
internal static class BcryptHash
{
    private const int Length = 60;
    private static readonly SearchValues<char> s_alphabet = SearchValues.Create(
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    /// <summary>Why a text is no hash, or null if it is one.</summary>
    public static string? Fault(string hash)
    {
        if (hash.Length < Length)
        {
            return "crypto/bcrypt: hashedSecret too short to be a bcrypted password";
        }

        return hash[0] != '$' ? $"crypto/bcrypt: bcrypt hashes must start with '$', but hashedSecret started with '{hash[0]}'"
            : hash[1] != '2' || hash[2] is not ('a' or 'b' or 'x' or 'y') || hash[3] != '$'
                || hash[6] != '$' ? "crypto/bcrypt: expected a hash of the form $2y$COST$SALTHASH"
            : Cost(hash) is < 4 or > 31 ? $"crypto/bcrypt: cost {hash[4..6]} is outside allowed inclusive range 4..31"
            : hash.Length > Length
                || hash.AsSpan(7).ContainsAnyExcept(s_alphabet) ? "crypto/bcrypt: expected 53 characters of salt and hash behind the cost"
            : null;
    }

    /// <summary>The cost of a hash in order: the work doubles with each step. -1 where there is no number.</summary>
    public static int Cost(string hash) =>
        int.TryParse(hash.AsSpan(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int cost) ? cost : -1;
}
