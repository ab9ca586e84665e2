namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>What many groups have taken comes back when they have gone. At the scale of a million: <c>.ci/long memory</c>.</summary>
public sealed class MemoryTests
{
    private const int Groups = 100_000;
    private const long MostAboveEmpty = 60 << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Memory_of_groups_that_are_deleted_comes_back(bool kept)
    {
        var directory = Directory.CreateTempSubdirectory("exposition-memory");
        try
        {
            string[] place = kept ? [$"--persistence.file={directory.FullName}/state"] : [];
            await using var gateway = await GatewayProcess.StartAsync(["--web.enable-admin-api", .. place]);
            var process = new ProcessBounds(gateway.ProcessId);

            // As it is when it has compiled what it needs: groups that are few take next to nothing.
            await PipelineAsync(gateway.Port, 2_000, "PUT", "Content-Length: 8\r\n\r\nx 1\ny 2\n");
            var wiped = await gateway.Client.PutAsync(new Uri("api/v1/admin/wipe", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.Accepted, wiped.StatusCode);
            var empty = process.Resident;

            await PipelineAsync(gateway.Port, Groups, "PUT", "Content-Length: 8\r\n\r\nx 1\ny 2\n");
            Assert.Equal(HttpStatusCode.OK, (await gateway.Client.GetAsync(new Uri("metrics", UriKind.Relative))).StatusCode);
            var full = process.Resident;
            Assert.True(full > empty + MostAboveEmpty, $"{Groups} groups take {(full - empty) >> 20} MiB only: this would show nothing");

            await PipelineAsync(gateway.Port, Groups, "DELETE", "\r\n");
            var left = process.Resident;
            for (var i = 0; i < 120 && (left = process.Resident) > empty + MostAboveEmpty; i++)
            {
                await Task.Delay(1000);
            }

            Assert.True(left <= empty + MostAboveEmpty,
                $"empty {empty >> 20}, full {full >> 20}, two minutes after the deletes {left >> 20} MiB");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task PipelineAsync(int port, int count, string method, string rest)
    {
        await using var pushes = await Pipelined.ConnectAsync(port);
        await pushes.SendAsync(count, i => ($"{method} /metrics/job/j/instance/{i}", rest));
    }
}
