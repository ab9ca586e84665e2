#:sdk Microsoft.NET.Sdk.Web
#:project ../Exposition.Kestrel

// A host whose pushers and scrapers must show a key: dotnet run host-with-authorization.cs --urls http://localhost:9091 --key s3cret
//
//     echo "backup_rows 3.14" | curl -H "Authorization: Bearer s3cret" --data-binary @- http://localhost:9091/metrics/job/nightly_backup
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddExposition();
builder.Services.AddAuthentication(KeyHandler.Scheme).AddScheme<KeyOptions, KeyHandler>(
    KeyHandler.Scheme, options => options.Key = builder.Configuration["key"] ?? throw new InvalidOperationException("--key is missing"));
builder.Services.AddAuthorization();

// The raw door sees that the endpoints ask for authorization, and leaves all requests to them. With a gate (IRequestGate) it would serve.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.UseExposition()));

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapExposition().RequireAuthorization();
app.MapGet("/healthz", () => "OK\n");   // for everybody
app.Run();

sealed class KeyOptions : AuthenticationSchemeOptions
{
    public string Key { get; set; } = "";
}

sealed class KeyHandler(IOptionsMonitor<KeyOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<KeyOptions>(options, loggers, encoder)
{
    public new const string Scheme = "Bearer";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Scheme + " ", StringComparison.Ordinal))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        // In a time that says nothing of how much was right.
        byte[] given = SHA256.HashData(Encoding.UTF8.GetBytes(header[(Scheme.Length + 1)..]));
        bool right = CryptographicOperations.FixedTimeEquals(given, SHA256.HashData(Encoding.UTF8.GetBytes(Options.Key)));
        return Task.FromResult(right
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(Scheme)), Scheme))
            : AuthenticateResult.Fail("wrong key"));
    }
}
