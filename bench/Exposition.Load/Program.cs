using Exposition.Load;
using Exposition.Load.Paired;
using Exposition.Load.Protection;
using Exposition.Load.Results;
using Exposition.Load.Servers;
using Exposition.Load.Simulation;

// Started by bench/run, which has built what is measured.

try
{
    var line = CommandLine.Parse(args);
    switch (line.Command)
    {
        case Command.Readme:
            string page = Path.Combine(line.Root, "README.md");
            string? file = line.ReadmeFile is null ? null : "bench/results/" + Path.GetFileName(line.ReadmeFile);
            File.WriteAllText(page, ReadmeTable.Update(File.ReadAllText(page), line.Root, file));
            return 0;
        case Command.Flink:
            return await FlinkCommand.RunAsync(line.Target, line.Cluster, line.Peers, Console.Out);
        case Command.Protection:
            await ProtectionCommand.RunAsync(Systems.Find(line.Jit, null, line.Peers, out _)[0], Console.Out);
            return 0;
        case Command.Paired:
            return await PairedCommand.RunAsync(
                Systems.Find(null, line.Older, null, out _)[0], Systems.Find(null, line.Aot, null, out _)[0], line.IsQuick, Console.Out);
        default:
            return await TableCommand.RunAsync(line, Console.Out);
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(CommandLine.Usage);
    return 2;
}
catch (Exception e) when (e is InvalidOperationException or IOException or ArgumentException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
