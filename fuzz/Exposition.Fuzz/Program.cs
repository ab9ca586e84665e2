using Exposition.Fuzz;
using Exposition.Fuzz.Targets;

if (!FuzzOptions.TryParse(args, out var options, out var complaint))
{
    Console.Error.WriteLine(complaint);
    Console.Error.WriteLine(FuzzOptions.Usage);
    return 2;
}

if (options.File is { } file)
{
    // Without instrumentation, so that a debugger sees the code as it is.
    TargetTable.Open(options.Target)(File.ReadAllBytes(file));
    Console.WriteLine("no complaint");
    return 0;
}

using var house = new InstrumentedHouse();
return options switch
{
    { Target: FuzzOptions.Smoke } => Smoke.Run(house, options, Console.Out),
    { Distilled: { } directory } => new Driver(house, options, Console.Out).Distil(directory),
    _ => new Driver(house, options, Console.Out).Run(),
};
