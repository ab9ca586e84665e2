using System.Net;

namespace Exposition.Gateway.Tests;

// What changes everything, or much: who may do it, and that it lasts.
public partial class GatewayProcessTests
{
    [Fact]
    public async Task What_was_deleted_in_one_step_is_gone_after_a_restart()
    {
        string directory = Directory.CreateTempSubdirectory("exposition-deletes").FullName;
        try
        {
            string[] flags =
                ["--web.enable-admin-api", "--persistence.commit-interval=0s", "--persistence.file=" + Path.Combine(directory, "state")];
            using (Gateway gateway = await Gateway.StartAsync(flags))
            {
                foreach (string path in (string[])["metrics/job/old/n/1", "metrics/job/old/n/2", "metrics/job/kept/n/1"])
                {
                    Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync(path, new StringContent("m 1\n"))).StatusCode);
                }

                using HttpResponseMessage deleted = await gateway.Client.DeleteAsync("api/v1/admin/groups?match[]={job=\"old\"}&expect=2");
                Assert.Equal("""{"status":"success","data":{"groups":2,"series":6}}""", await deleted.Content.ReadAsStringAsync());
                gateway.Kill();
                Assert.Contains("msg=\"groups deleted\"", gateway.Log, StringComparison.Ordinal);
            }

            using Gateway again = await Gateway.StartAsync(flags);
            string scrape = await again.Client.GetStringAsync("metrics");
            Assert.Contains("\nm{instance=\"\",job=\"kept\",n=\"1\"} 1\n", scrape, StringComparison.Ordinal);
            Assert.DoesNotContain("job=\"old\"", scrape, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task Without_the_admin_api_nothing_is_deleted_in_one_step()
    {
        using Gateway gateway = await Gateway.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync("metrics/job/j", new StringContent("m 1\n"))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await gateway.Client.DeleteAsync("api/v1/admin/groups?match[]={job=\"j\"}")).StatusCode);
        Assert.Contains("\nm{", await gateway.Client.GetStringAsync("metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_deletes_are_disabled_a_group_stays()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.disable-delete", "--web.enable-admin-api");
        Assert.Equal(HttpStatusCode.OK, (await gateway.Client.PutAsync("metrics/job/j", new StringContent("m 1\n"))).StatusCode);
        using HttpResponseMessage answer = await gateway.Client.DeleteAsync("metrics/job/j");
        Assert.Equal((HttpStatusCode.Forbidden, "deletes are disabled (--web.disable-delete)\n"),
            (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.Forbidden, (await gateway.Client.PutAsync("api/v1/admin/wipe", null)).StatusCode);
        Assert.Contains("\nm{", await gateway.Client.GetStringAsync("metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_our_own_page_can_stop_it()
    {
        using Gateway gateway = await Gateway.StartAsync("--web.enable-lifecycle");
        string own = gateway.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);
        foreach ((string origin, bool header, HttpStatusCode expected) in ((string, bool, HttpStatusCode)[])[
            ("https://other.example", false, HttpStatusCode.Forbidden), ("https://other.example", true, HttpStatusCode.Forbidden),
            (own, false, HttpStatusCode.Forbidden), (own, true, HttpStatusCode.OK)])
        {
            using var quit = new HttpRequestMessage(HttpMethod.Post, "-/quit");
            quit.Headers.Add("Origin", origin);
            if (header)
            {
                quit.Headers.Add("Exposition-Page", "1");
            }

            using HttpResponseMessage answer = await gateway.Client.SendAsync(quit);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    private sealed partial class Gateway
    {
        /// <summary>Ends it at once, with all that it has not written.</summary>
        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }
}
