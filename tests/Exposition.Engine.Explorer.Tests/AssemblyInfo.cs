using Xunit.Sdk;
using Xunit.v3;

// The steps of all stores of the process are one test's at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
