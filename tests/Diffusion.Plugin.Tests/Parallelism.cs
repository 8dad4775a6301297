// Tests share the table of runtimes and the backend that stands in for the network.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
