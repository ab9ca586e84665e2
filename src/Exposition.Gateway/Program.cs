using Exposition.Formats.Go;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Health;
using Exposition.Gateway.Hosting;
using Exposition.Gateway.SelfMetrics;

try
{
    Flags flags = Flags.Parse(args);
    if (flags.Help)
    {
        Console.Out.Write(Usage.Text(flags.Table));
        return 0;
    }

    if (flags.Version)
    {
        Console.Out.Write(BuildIdentity.Current.Block());
        return 0;
    }

    flags.RequireSupported();
    if (flags.CheckHealth)
    {
        return await HealthCheck.RunAsync(flags, Console.Out, Console.Error);
    }

    return await GatewayHost.RunAsync(flags);
}
catch (FlagException e)
{
    // Some quote what was given: it shall stay one line.
    Console.Error.WriteLine($"pushgateway: error: {GoQuote.Visible(e.Message)}, try --help");
    return 1;
}
