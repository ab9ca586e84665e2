namespace Exposition.EndToEnd.Tests.Secure;

/// <summary>How a client begins that knows nothing above TLS 1.1; the system's own library would not send that any more.</summary>
public static class OldHello
{
    private const int RandomBytes = 32;

    /// <summary>A record with a ClientHello without extensions: two suites of old, no compression.</summary>
    public static byte[] Bytes { get; } = Make();

    private static byte[] Make()
    {
        byte[] hello = [3, 2, .. Enumerable.Range(1, RandomBytes).Select(static i => (byte)i), 0, 0, 4, 0xC0, 0x13, 0, 0x2F, 1, 0];
        return [0x16, 3, 1, 0, (byte)(hello.Length + 4), 1, 0, 0, (byte)hello.Length, .. hello];
    }
}
