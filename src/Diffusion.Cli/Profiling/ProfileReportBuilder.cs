using Diffusion.Cli.Generation;
using Diffusion.Cli.Reporting;
using Diffusion.Runtime;
using Diffusion.Runtime.Telemetry;

namespace Diffusion.Cli.Profiling;

/// <summary>Turns runs into the report that <c>report.json</c> holds.</summary>
internal sealed class ProfileReportBuilder(
    ProfileSettings settings,
    LoadedModel model,
    TextureRequest request,
    SliceSurvey survey,
    PolicyRun off,
    TraceRecorder trace)
{
    private static readonly SharingReport _noSharing = new("none", "a profile has no renderer", 0);

    /// <summary>The report of the first run, with those of all under <c>policies</c>.</summary>
    public FrameReport Build(IReadOnlyList<PolicyRun> runs)
    {
        Dictionary<string, FrameReport> policies = [];
        foreach (PolicyRun run in runs)
        {
            policies.Add(run.Name, Of(run));
        }

        return policies[runs[0].Name] with { Policies = policies };
    }

    private FrameReport Of(PolicyRun run)
    {
        FrameLog log = run.Log();
        bool isBudget = run.Name == PolicyNames.Budget;
        return new FrameReport
        {
            Backend = settings.Generation.Backend,
            Device = model.Backend.Device,
            Model = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Folder.Path)),
            Width = request.Width,
            Height = request.Height,
            Solver = model.SolverName,
            Steps = model.Steps,
            BudgetMs = settings.Budget.TotalMilliseconds,
            Frames = run.Count,
            FrameMs = log.FrameMs,
            TickMs = log.TickMs,
            Overrun = log.Overrun,
            Utilization = log.Utilization,
            ForcedFrames = log.ForcedFrames,
            TexturesCompleted = run.Textures,
            StepsCompleted = run.Steps,
            FirstPreviewFrame = run.FirstPreview,
            AllocatedBytesPerFrame = run.AllocatedBytes / run.Count,
            GcCollections = run.GcCollections,
            Sharing = _noSharing,
            Policies = null,
            Policy = run.Name,
            WorkPerFrame = run.Work,
            Textures = settings.Textures,
            GuidanceScale = request.GuidanceScale,
            MsPerStep = run.Steps == 0 ? null : Rounded(run.TickTime.TotalMilliseconds / run.Steps),
            WithChoice = Figures(run, 0, run.Count, onlyWithChoice: true),
            HostCost = Cost(run),
            Load = settings.LoadsCpu ? Load(run) : null,
            Slices = isBudget ? SliceReport.Read(trace, survey.Names) : null,
        };
    }

    private HostCostReport Cost(PolicyRun run) => new(
        Rounded(settings.HostWork.TotalMilliseconds),
        Rounded(off.FrameTime.TotalMilliseconds / off.Count),
        Rounded(run.FrameTime.TotalMilliseconds / run.Count),
        Rounded((run.FrameTime - off.FrameTime).TotalMilliseconds / run.Count),
        Rounded(run.TickTime.TotalMilliseconds / run.Count));

    private LoadReport Load(PolicyRun run) => new(
        settings.LoadBegin,
        settings.LoadEnd,
        Figures(run, 0, settings.LoadBegin, onlyWithChoice: true),
        Figures(run, settings.LoadBegin, settings.LoadEnd, onlyWithChoice: true),
        Figures(run, settings.LoadEnd, run.Count, onlyWithChoice: true),
        Recovery.FramesAfter(run, settings.LoadBegin, settings.LoadEnd));

    private static PhaseReport Figures(PolicyRun run, int begin, int end, bool onlyWithChoice)
    {
        FrameLog log = run.Log(begin, end, onlyWithChoice);
        return new PhaseReport(log.Count, log.TickMs, log.Overrun, log.Utilization);
    }

    private static double Rounded(double value) => Math.Round(value, 4);
}
