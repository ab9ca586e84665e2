using System.Diagnostics;
using System.Text;
using Exposition.Gateway.Logging;

namespace Exposition.Gateway.Tests;

/// <summary>Whatever becomes of standard error, the program serves on.</summary>
public class StandardErrorTests
{
    [Fact]
    public void A_stream_that_nobody_reads_holds_up_nobody_and_what_finds_no_room_is_lost()
    {
        using var stuck = new StuckStream();
        var watch = Stopwatch.StartNew();
        using (var log = new StandardError(stuck))
        {
            byte[] line = new byte[64 << 10];
            int taken = 0;
            for (int i = 0; i < 1000; i++)
            {
                taken += log.TryWrite(line) ? 1 : 0;
            }

            Assert.InRange(taken, 16, 17);
        }

        // It waits two seconds for somebody to read; a machine that is busy makes it longer, a writer that blocks would make it for ever.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60);
        stuck.Release();
    }

    [Fact]
    public void What_was_written_before_the_end_is_there()
    {
        using var kept = new MemoryStream();
        using (var log = new StandardError(kept))
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.True(log.TryWrite(Encoding.ASCII.GetBytes($"line {i}\n")));
            }
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 100).Select(static i => $"line {i}\n")), Encoding.ASCII.GetString(kept.ToArray()));
    }

    [Fact]
    public void Whatever_a_line_runs_into_the_next_is_written()
    {
        using var broken = new BrokenStream();
        using (var log = new StandardError(broken))
        {
            Assert.True(log.TryWrite([1]));
            Assert.True(log.TryWrite([2]));
        }

        Assert.Equal([2], broken.ToArray());
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer[0] == 1)
            {
                throw new InsufficientMemoryException("no memory");
            }

            base.Write(buffer);
        }
    }

    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim _free = new();

        public void Release() => _free.Set();

        public override void Write(ReadOnlySpan<byte> buffer) => _free.Wait();
    }
}
