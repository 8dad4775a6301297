// Tests share libtorch's two threads, a display and the process's memory figures.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
