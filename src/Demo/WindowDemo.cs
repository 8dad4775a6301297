using System.Diagnostics;
using Diffusion.Render.Sharing;
using Diffusion.Render.Windowing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Demo;

/// <summary>The demo in a window: keys change what is generated.</summary>
internal static class WindowDemo
{
    // What the key goes through: one of each kind, since the catalogue has more than one would press through.
    private static readonly string[] _solvers =
        ["dpmpp-2m", "unipc-2", "ddim", "heun", "dpmpp-2m-sde", "euler-ancestral", "ddpm"];

    private static readonly TimeSpan _titleInterval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan _minimisedWait = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _budgetStep = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan _fade = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _maxBudget = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until the window closes, the frames are drawn or the run is cancelled.</summary>
    public static int Run(DemoSettings settings, CancellationToken cancel)
    {
        using var window = new GlfwWindow(settings.FrameSize.Width, settings.FrameSize.Height, "Diffusion");
        using var stage = Stage.Create(settings, window);
        Console.WriteLine(
            $"{stage.BackendDevice}; {stage.Device.Info.Name}; "
            + $"x_t by {stage.SharingExample.Path} ({stage.SharingExample.PathReason})");
        var flight = new Flight(window, stage.Camera);
        var clock = Stopwatch.StartNew();
        TimeSpan titled = TimeSpan.Zero;
        int frames = 0;
        while (!window.ShouldClose && !cancel.IsCancellationRequested && frames < (settings.Frames ?? int.MaxValue))
        {
            window.PollEvents();
            flight.Update(clock.Elapsed.TotalSeconds);
            HandleKeys(window, stage, flight.TakesKeys);
            if (stage.Camera.IsFlying)
            {
                stage.Surfaces.WalkTo(stage.Camera.At(0).Position);
            }

            if (!stage.Frame(clock.Elapsed.TotalSeconds))
            {
                // Minimised: nothing paces the loop but this. Generation goes on, so the wait has an end.
                window.WaitEvents(_minimisedWait);
                continue;
            }

            frames++;
            if (clock.Elapsed - titled > _titleInterval)
            {
                titled = clock.Elapsed;
                window.SetTitle(
                    $"Diffusion - frame {stage.LastFrame.TotalMilliseconds:0.0} ms, tick "
                    + $"{stage.LastTick.Taken.TotalMilliseconds:0.0} of {stage.Budget.TotalMilliseconds:0} ms");
            }
        }

        return 0;
    }

    private static void HandleKeys(GlfwWindow window, Stage stage, bool isFlying)
    {
        SurfaceSet surfaces = stage.Surfaces;
        for (Key key = Key.D1; key <= Key.D9; key++)
        {
            if (window.WasPressed(key))
            {
                surfaces.Select(key - Key.D1);
            }
        }

        if (window.WasPressed(Key.Tab))
        {
            surfaces.Select((surfaces.Selected + 1) % surfaces.Surfaces.Length);
        }

        if (window.WasPressed(Key.Space))
        {
            surfaces.TogglePause();
        }

        if (window.WasPressed(Key.H))
        {
            stage.ShowsHud = !stage.ShowsHud;
        }

        if (window.WasPressed(Key.Escape))
        {
            window.Close();
        }

        if (!isFlying)
        {
            HandleTextureKeys(window, surfaces);
            HandleTuningKeys(window, stage);
        }
    }

    private static void HandleTextureKeys(GlfwWindow window, SurfaceSet surfaces)
    {
        if (window.WasPressed(Key.C))
        {
            surfaces.ChangeClass(1);
        }

        if (window.WasPressed(Key.V))
        {
            surfaces.ChangeClass(-1);
        }

        if (window.WasPressed(Key.R))
        {
            surfaces.Reseed();
        }

        if (window.WasPressed(Key.A))
        {
            surfaces.ReseedAll();
        }

        if (window.WasPressed(Key.X))
        {
            surfaces.Show(surfaces.Display == SampleView.Sample ? SampleView.Denoised : SampleView.Sample);
        }

        if (window.WasPressed(Key.B))
        {
            surfaces.FadeIn(surfaces.Fade > TimeSpan.Zero ? TimeSpan.Zero : _fade);
        }
    }

    private static void HandleTuningKeys(GlfwWindow window, Stage stage)
    {
        SurfaceSet surfaces = stage.Surfaces;
        if (window.WasPressed(Key.Up))
        {
            stage.Budget = stage.Budget + _budgetStep < _maxBudget ? stage.Budget + _budgetStep : _maxBudget;
        }

        if (window.WasPressed(Key.Down))
        {
            stage.Budget = stage.Budget - _budgetStep > _budgetStep ? stage.Budget - _budgetStep : _budgetStep;
        }

        if (window.WasPressed(Key.Right))
        {
            surfaces.ChangeSteps(surfaces.Steps + (surfaces.Steps < 10 ? 1 : 5));
        }

        if (window.WasPressed(Key.Left))
        {
            surfaces.ChangeSteps(surfaces.Steps - (surfaces.Steps <= 10 ? 1 : 5));
        }

        if (window.WasPressed(Key.S))
        {
            surfaces.ChangeSolver(NameAfter(surfaces.Solver));
        }
    }

    private static string NameAfter(Solver solver) =>
        _solvers[(Array.IndexOf(_solvers, solver.Name) + 1) % _solvers.Length];
}
