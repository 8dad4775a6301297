using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime;

/// <summary>What texture to generate.</summary>
/// <remarks>Immutable; checked as a whole by <see cref="DiffusionRuntime.Submit"/>.</remarks>
public sealed record TextureRequest
{
    /// <summary>Width in pixels: a multiple of the network's stride, at most 4096.</summary>
    public required int Width { get; init; }

    /// <summary>Height in pixels: a multiple of the network's stride, at most 4096.</summary>
    public required int Height { get; init; }

    /// <summary>The class by name, or null to go by <see cref="ClassLabel"/>.</summary>
    public string? ClassName { get; init; }

    /// <summary>The class by label, or null for no class.</summary>
    public int? ClassLabel { get; init; }

    /// <summary>
    /// A class to mix in, by name, or null to go by <see cref="SecondClassLabel"/>. It takes an evaluation of the
    /// network of its own, so that a step costs twice, with guidance one and a half times.
    /// </summary>
    /// <remarks>Needs a weight or a mask. Not for solvers that read a variance of the network's. [BarTal23]</remarks>
    public string? SecondClassName { get; init; }

    /// <summary>The class to mix in by label, or null for none.</summary>
    public int? SecondClassLabel { get; init; }

    /// <summary>
    /// The second class's share of each clean estimate, in [0, 1], the first's being the rest; null (the default) where
    /// <see cref="SecondClassMask"/> says it or there is no second class.
    /// </summary>
    public float? SecondClassWeight { get; init; }

    /// <summary>
    /// Empty, or the second class's share for each pixel, [H, W] float32 in [0, 1]; not copied, and read again at every
    /// restart.
    /// </summary>
    public ReadOnlyMemory<float> SecondClassMask { get; init; }

    /// <summary>The same seed, request and backend give the same bits.</summary>
    public ulong Seed { get; init; }

    /// <summary>The seed of the texture that <see cref="Variation"/> leads to.</summary>
    public ulong VariationSeed { get; init; }

    /// <summary>
    /// How far the noise, that of the start and of all steps, is turned from that of <see cref="Seed"/> (0, the
    /// default) to that of <see cref="VariationSeed"/> (1), in [0, 1]: nearby values give variations of one texture.
    /// <see cref="Noise.NoiseSource.Variation"/>
    /// </summary>
    public float Variation { get; init; }

    /// <summary>World coordinate of the left edge: tiles of one seed see the same noise where they overlap.</summary>
    public int OriginX { get; init; }

    /// <summary>World coordinate of the top edge.</summary>
    public int OriginY { get; init; }

    /// <summary>
    /// The solver; <see cref="SolverCatalog"/> has them by name. Null (the default) for what suits the network: <see
    /// cref="Models.ModelDescription.DefaultSolver"/>. A distilled one needs DDIM.
    /// </summary>
    public Solver? Solver { get; init; }

    /// <summary>The schedule that the steps lie on, or null for the one that the network was trained on.</summary>
    public NoiseSchedule? Schedule { get; init; }

    /// <summary>
    /// How the steps are placed, or null for what suits schedule and solver: mostly trailing, which begins at pure
    /// noise for every step count. <see cref="StepGrid.CreateDefault"/>
    /// </summary>
    public StepSpacing? Spacing { get; init; }

    /// <summary>
    /// Steps, 1 .. 1000. Null (the default) for what suits the network: <see
    /// cref="Models.ModelDescription.DefaultSteps"/>.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>
    /// Empty, or the times of the steps on the schedule, falling, in place of <see cref="Spacing"/> and <see
    /// cref="Steps"/>.
    /// </summary>
    public ReadOnlyMemory<double> Times { get; init; }

    /// <summary>
    /// Null (the default) to end at the clean image, or the time on the schedule at which the last step ends, at most
    /// that at which it begins: the noise of that level then stays in the texture, as some of diffusers' schedulers
    /// have it. A solver that goes from an image to noise does not read it.
    /// </summary>
    public double? EndTime { get; init; }

    /// <summary>
    /// w of classifier-free guidance, at least 0; 1 (the default) is none and costs half. [HoSalimans22, Eq. 6]
    /// </summary>
    public float GuidanceScale { get; init; } = 1;

    /// <summary>The noise levels at which guidance applies. Default all. [Kynkaanniemi24]</summary>
    public GuidanceInterval GuidanceInterval { get; init; } = GuidanceInterval.All;

    /// <summary>Whether the texture tiles. Default true.</summary>
    public bool Seamless { get; init; } = true;

    /// <summary>Whether clean estimates are clamped to the model's range. Default true.</summary>
    public bool Clamp { get; init; } = true;

    /// <summary>
    /// Above 0, dynamic thresholding instead of the clamp: the share of |D| that must fit the range, for example 0.995,
    /// at most 1. Default 0, none. [Saharia22, Sec. 2.3]
    /// </summary>
    public float ThresholdRatio { get; init; }

    /// <summary>
    /// The colours that the texture is given, or null (the default) for its own. The clamp comes after it, so that a
    /// mean near an end of the range is missed by what is cut off.
    /// </summary>
    /// <remarks>Not for solvers that turn an image into noise.</remarks>
    public ColourTarget? Colours { get; init; }

    /// <summary>
    /// Textures of a higher priority go first; the others get time in which no slice of theirs fits, and an eighth of
    /// the time while one of them has had no step for 30 ticks. Default 0.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>
    /// Null, or the number of ticks, at least 1, within which the texture is to be complete: it goes before others of
    /// its priority, and takes fewer steps than <see cref="Steps"/> where the throughput measured so far says that not
    /// all fit. <see cref="TextureProgress.StepCount"/> tells how many; the image then depends on the machine. For a
    /// solver that evaluates between its steps their number is chosen when the texture is submitted, from the second
    /// tick of a runtime on, and not for <see cref="Times"/>; if time runs short later, it is late.
    /// </summary>
    public int? ReadyWithinTicks { get; init; }

    /// <summary>
    /// Empty, or planar [3, H, W] float32 in [-1, 1] to start from; not copied, and read again at every restart.
    /// </summary>
    public ReadOnlyMemory<float> Image { get; init; }

    /// <summary>
    /// Empty, or [H, W] float32 in [0, 1], with an image: 1 where the texture is painted anew, 0 where the image is
    /// kept, and between them a mixture of both. What is kept steers what is painted, and comes out to the bit with
    /// every solver but <c>pndm</c>, whose last step is more than the clean estimate: there up to rounding. Not copied:
    /// image and mask must not change while the texture is in work.
    /// </summary>
    public ReadOnlyMemory<float> Mask { get; init; }

    /// <summary>
    /// With an image, which part of the steps is run: 1 (the default) begins at the noisiest level, and near 0 the
    /// image hardly changes.
    /// </summary>
    public double Strength { get; init; } = 1;
}
