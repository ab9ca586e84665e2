using Exposition.Engine.Compression;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests.Bundles;

public sealed class GzipPartsTests
{
    [Property(MaxTest = 300)]
    public void The_checksum_of_two_runs_follows_from_theirs(byte[] first, byte[] second)
    {
        uint combined = GzipParts.Combine(SlowCrc(first), SlowCrc(second), GzipParts.Shift(second.Length));
        Assert.Equal(SlowCrc([.. first, .. second]), combined);
    }

    [Fact]
    public void The_checksum_is_the_known_one() => Assert.Equal(0xCBF43926u, SlowCrc("123456789"u8));

    // (x^8)^n computed by squaring against n single steps, and lengths beyond what can be tried.
    [Fact]
    public void Shifts_of_lengths_multiply()
    {
        foreach ((long a, long b) in ((long, long)[])[(0, 5), (1, 1), (255, 257), (1L << 32, 12345), ((1L << 40) + 7, 1L << 33)])
        {
            Assert.Equal(GzipParts.Shift(a + b), GzipParts.Combine(GzipParts.Shift(a), 0, GzipParts.Shift(b)));
        }
    }

    private static uint SlowCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }
}
