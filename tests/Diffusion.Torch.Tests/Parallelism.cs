// Tests share libtorch's threads and its generator of weights.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
