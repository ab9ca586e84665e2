namespace Exposition.Gateway.Tests;

/// <summary>Where tests let lines be logged.</summary>
internal static class LogTo
{
    public static Func<byte[], bool> Stream(Stream stream) => line =>
    {
        stream.Write(line);
        return true;
    };
}
