using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime;

/// <content>What is better done while a level loads than in its first frames.</content>
public sealed partial class DiffusionRuntime
{
    // As many runs as the model of time needs to know a slice, whose first run is slow.
    private const int WarmUpPasses = 3;

    /// <summary>
    /// Evaluates the network a few times at a request's shape (size, seamlessness, guidance, a second class), so that
    /// no tick meets code that was never compiled, memory that was never touched, or slices of unknown cost.
    /// </summary>
    /// <remarks>
    /// Call it while loading: it takes three steps' time, or six where the backend runs slices also several at once,
    /// more where steps without guidance are other work, and has no budget. Without it the first dozen ticks run
    /// little, and some of them long. Nothing of it is seen: no texture is made, and results do not change.
    /// </remarks>
    /// <param name="request">Any request of the shape; its solver, levels and image do not matter.</param>
    /// <param name="cancel">Ends it between two slices.</param>
    /// <exception cref="ArgumentException">The request breaks a rule, which the message names.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; what was learned stays.</exception>
    /// <exception cref="InvalidOperationException">The network failed; the inner exception says why.</exception>
    public void WarmUp(TextureRequest request, CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        (SessionOptions shape, ChainSettings settings) = _resolver.ResolveShape(request);
        using DiffusionChain chain = CreateChain(shape, settings);
        SliceCosts costs = _costs.ForShape(shape, chain.Slices, chain.Spans);
        RunPasses(chain, settings with { GuidanceInterval = GuidanceInterval.All }, costs, cancel);
        SliceRange guided = chain.SlicesOf(isGuided: true);
        SliceRange plain = chain.SlicesOf(isGuided: false);
        if (plain.First < guided.First || plain.End > guided.End)
        {
            RunPasses(chain, settings with { GuidanceScale = 1 }, costs, cancel);
        }
    }

    private void RunPasses(DiffusionChain chain, ChainSettings settings, SliceCosts costs, CancellationToken cancel)
    {
        int passes = chain.Spans.Count == 0 ? WarmUpPasses : 2 * WarmUpPasses;
        for (int pass = 0; pass < passes; pass++)
        {
            chain.Restart(settings);
            while (chain.IsRunnable)
            {
                cancel.ThrowIfCancellationRequested();
                bool isSpan = pass >= WarmUpPasses && chain.NextSpan >= 0;
                int slice = isSpan ? costs.IndexOfSpan(chain.NextSpan) : chain.NextSliceIndex;
                long begun = _options.Clock.GetTimestamp();
                bool isBesideTheHost = chain.IsNextSliceBesideTheHost;
                bool ran = isSpan ? chain.AdvanceSpan() : chain.AdvanceSlice();
                if (chain.Failure is { } failure)
                {
                    throw new InvalidOperationException(
                        $"The network failed while warming up: {failure.Message}", failure);
                }

                if (ran && !isBesideTheHost)
                {
                    costs.Record(slice, _options.Clock.GetElapsedTime(begun));
                }

                while (chain.TryReadCost(out int finished, out TimeSpan cost))
                {
                    costs.Record(finished, cost);
                }
            }
        }
    }
}
