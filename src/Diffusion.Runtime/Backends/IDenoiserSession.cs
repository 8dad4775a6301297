using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Backends;

/// <summary>One chain's state on a backend: x_t, earlier clean estimates, and the activations between slices.</summary>
/// <remarks>
/// The order of calls is <see cref="Start"/>, then per evaluation <see cref="BeginEvaluation"/>, <see cref="RunSlice"/>
/// for every slice of <see cref="SlicesOf"/> in order (or <see cref="RunSpan"/> for several), <see
/// cref="CompleteStep"/>. Any amount of time may pass between two calls, and <see cref="Start"/> may come at any point: it drops an unfinished evaluation. One thread
/// at a time; owned by the creator.
/// </remarks>
public interface IDenoiserSession : IDisposable
{
    /// <summary>All slices that evaluations run; fixed for the session.</summary>
    IReadOnlyList<SliceInfo> Slices { get; }

    /// <summary>Which of <see cref="Slices"/> an evaluation runs, in order; fixed for the session. Default all.</summary>
    /// <remarks>A session made for guidance need not estimate "no class" where the scale is 1.</remarks>
    /// <param name="isGuided"><see cref="Evaluation.IsGuided"/>.</param>
    SliceRange SlicesOf(bool isGuided) => new(0, Slices.Count);

    /// <summary>What it also runs at once, by their first slices, of which no two are the same; fixed for the session.
    /// Default none.</summary>
    /// <remarks>A tick runs a span where it fits what is left of the budget, else the slices one by one: what comes
    /// out must not depend on it.</remarks>
    IReadOnlyList<SliceSpan> Spans => [];

    /// <summary>Where every finished step's x_t and clean estimate are published.</summary>
    SampleRing Samples { get; }

    /// <summary>
    /// Draws x = σ·z at <paramref name="level"/>, or α·image + σ·z, publishes it as step 0 and forgets earlier
    /// estimates.
    /// </summary>
    /// <param name="level">Where the chain starts.</param>
    /// <param name="noise">The noise function of the chain.</param>
    /// <param name="image">Empty, or planar [3, H, W] float32 in [-1, 1] to start from (img2img).</param>
    /// <param name="mask">Empty, or [H, W] float32 in [0, 1], with an image: each clean estimate becomes
    /// m·D + (1-m)·image from here on, so that pixels where it is 0 are kept. Read as <paramref name="image"/> then is,
    /// at every step until the next start.</param>
    /// <param name="isNoised">Whether σ·z is added; an inversion starts from α·image alone.</param>
    void Start(
        NoiseLevel level,
        NoiseSource noise,
        ReadOnlyMemory<float> image = default,
        ReadOnlyMemory<float> mask = default,
        bool isNoised = true);

    /// <summary>
    /// Takes the weight of the second class for each pixel, of a session with <see cref="SessionOptions.Mixed"/>;
    /// copied, and used by the evaluations that end from now on.
    /// </summary>
    /// <remarks>May wait for a device that still reads the mask before it. Not called between <see
    /// cref="BeginEvaluation"/> and <see cref="CompleteStep"/>.</remarks>
    /// <param name="mask">[H, W] in [0, 1], or empty for <see cref="Evaluation.SecondWeight"/> everywhere.</param>
    void SetClassMask(ReadOnlySpan<float> mask)
    {
        if (!mask.IsEmpty)
        {
            throw new NotSupportedException("This backend mixes no classes.");
        }
    }

    /// <summary>Prepares an evaluation at the current x.</summary>
    void BeginEvaluation(in Evaluation evaluation);

    /// <summary>
    /// Whether <see cref="RunSlice"/> can begin; false while another thread still prepares what slice
    /// <paramref name="index"/> needs, such as shaders at its first run. Polls. Default true.
    /// </summary>
    bool IsReady(int index) => true;

    /// <summary>Runs slice <paramref name="index"/> of <see cref="Slices"/>.</summary>
    void RunSlice(int index);

    /// <summary>Whether <see cref="RunSpan"/> can run span <paramref name="index"/>; false while another thread still
    /// prepares it. Polls. Default true.</summary>
    bool IsSpanReady(int index) => true;

    /// <summary>Runs all slices of span <paramref name="index"/> of <see cref="Spans"/>; its first is the next.
    /// </summary>
    void RunSpan(int index) => throw new NotSupportedException("This backend has no spans.");

    /// <summary>
    /// Turns the network's output into the clean estimate, takes the solver's step in one fused kernel and publishes
    /// both.
    /// </summary>
    /// <param name="step">The solver's coefficients.</param>
    /// <param name="noise">The noise function of the chain.</param>
    /// <param name="stepNumber">Steps finished when this one is, from 1; also the noise function's step
    /// coordinate.</param>
    /// <returns>False when no slot of the ring is free because readers hold them all, or when the device has not
    /// finished the slices: nothing changed, call again later.</returns>
    bool CompleteStep(in LinearStep step, NoiseSource noise, int stepNumber);

    /// <summary>
    /// Whether all that a device was handed is done, so that the newest step stands; polls. A session that publishes a
    /// step while the device still works on it says so here. Default true.
    /// </summary>
    /// <exception cref="NonFiniteSampleException">A published step turned out to have a NaN or an
    /// infinity.</exception>
    bool TryFinish() => true;

    /// <summary>
    /// Whether <see cref="RunSlice"/> only hands work to a device, so that the host's clock does not tell its cost.
    /// Default false.
    /// </summary>
    bool RunsBesideTheHost => false;

    /// <summary>Whether <see cref="CompleteStep"/> only hands work to the device as well. Default false.</summary>
    bool StepsBesideTheHost => false;

    /// <summary>The next slice whose time on the device has become known.</summary>
    /// <remarks>Polls, in the slices' order, each once at most; allocates nothing. Only where
    /// <see cref="RunsBesideTheHost"/>.</remarks>
    /// <param name="slice">Its index in <see cref="Slices"/>; their number stands for the solver's step.</param>
    /// <param name="cost">What it took on the device.</param>
    /// <returns>False when there is none yet.</returns>
    bool TryReadCost(out int slice, out TimeSpan cost)
    {
        (slice, cost) = (-1, default);
        return false;
    }
}
