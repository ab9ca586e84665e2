namespace Exposition.Engine.Tests;

/// <summary>Tests of what is one for the whole process (memory, processor time) run beside no others.</summary>
[CollectionDefinition(nameof(RunsAlone), DisableParallelization = true)]
public sealed class RunsAlone;
