using System.Security.Cryptography;
using Diffusion.Cli.Generation;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>A model of the comparison: its rows, and the requests and textures that they stand for.</summary>
internal sealed class QualityModel
{
    private const int HashDigits = 8;

    private readonly ModelFolder _folder;
    private readonly string _name;
    private readonly string _weights;
    private readonly float _guidance;
    private readonly GuidanceInterval _interval;

    /// <summary>Opens the folder; weights are hashed and not loaded.</summary>
    public QualityModel(ModelChoice choice)
    {
        _folder = ModelFolder.Open(choice.Folder);
        _name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(choice.Folder)));
        _guidance = choice.Guidance ?? (_folder.NullLabel >= 0 ? LoadedModel.DefaultGuidanceScale : 1);
        _interval = _guidance == 1 ? GuidanceInterval.All : choice.Interval;
        Edge = _folder.Config.SampleSize > 0
            ? _folder.Config.SampleSize
            : throw new UserErrorException($"The model '{choice.Folder}' does not say its 'sample_size'.");
        if (_folder.Config.ImageChannels != 3)
        {
            throw new UserErrorException(
                $"The model '{choice.Folder}' makes grey pictures; --quality measures coloured ones.");
        }

        using FileStream weights = File.OpenRead(_folder.WeightsFile);
        _weights = Convert.ToHexStringLower(SHA256.HashData(weights))[..HashDigits];
    }

    /// <summary>Edge of its textures in pixels.</summary>
    public int Edge { get; }

    /// <summary>Its row for a solver and a number of steps.</summary>
    public QualityRow Row(string solver, int steps) => new(
        _name, _weights, _guidance, GuidanceIntervals.Format(_interval), solver, steps);

    /// <summary>Fails where the model cannot make what is asked for.</summary>
    /// <exception cref="UserErrorException">It does not know a class.</exception>
    public void Require(IReadOnlyList<string> classNames)
    {
        foreach (string name in classNames)
        {
            if (!_folder.ClassNames.Contains(name))
            {
                throw new UserErrorException(
                    $"The data has the class '{name}', which the model '{_folder.Path}' does not know.");
            }
        }
    }

    /// <summary>The network on the backend that other commands take where none is named; the caller disposes
    /// it.</summary>
    public IDenoiserBackend CreateBackend() => DefaultBackend.Create(_folder);

    /// <summary>A runtime on that backend; the caller disposes it.</summary>
    public DiffusionRuntime CreateRuntime(IDenoiserBackend backend) => new(backend, _folder.Description);

    /// <summary>What the row means.</summary>
    public TextureRequest Request(QualityRow row, string className, ulong seed) => new()
    {
        Width = Edge,
        Height = Edge,
        ClassName = className,
        Seed = seed,
        Solver = SolverCatalog.Parse(row.Solver, _folder.Description.CleanVariance),
        Steps = row.Steps,
        GuidanceScale = row.Guidance,
        GuidanceInterval = _interval,
    };

    /// <summary>Runs a texture to its end and hands out every tick.</summary>
    /// <returns>The samples [3, edge, edge] and evaluations of the network: two for each of the solver's that is guided.
    /// </returns>
    public static (float[] Texture, int Evaluations) Run(
        DiffusionRuntime runtime,
        TextureRequest request,
        TimeSpan budget,
        Action<Runtime.Budget.TickReport> ticked,
        CancellationToken cancellation)
    {
        TextureHandle handle = runtime.Submit(request);
        try
        {
            int guided = runtime.GetProgress(handle).GuidedStepsLeft;
            while (runtime.GetProgress(handle).Status == ChainStatus.Running)
            {
                cancellation.ThrowIfCancellationRequested();
                ticked(runtime.Tick(budget));
            }

            TextureProgress progress = runtime.GetProgress(handle);
            var samples = runtime.GetSamples(handle);
            return progress.Status == ChainStatus.Completed
                ? (samples.Sample(samples.CurrentSlot).ToArray(), progress.StepCount + guided)
                : throw new UserErrorException($"the texture failed: {progress.FailureReason}");
        }
        finally
        {
            runtime.Release(handle);
        }
    }
}
