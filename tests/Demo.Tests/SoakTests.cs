using System.Diagnostics;
using Diffusion.Cli.Generation;
using TorchSharp;

namespace Diffusion.Demo.Tests;

public sealed class SoakTests
{
    // Resident memory of a process breathes: the allocators keep pages, and 10,000 frames leak at least 40 MB at 4 KB a
    // frame.
    private const long AllowedGrowthInBytes = 24L << 20;

    // Chains stopped at other slices hold other activations; a leak of one tensor a frame would be 10,000.
    private const long AllowedTensorGrowth = 500;

    // The runtime itself opens a few handles as it goes; a leak of one a restart would be 500.
    private const int AllowedHandleGrowth = 8;
    private const int WarmUpFrames = 2_000;
    private const int Frames = 10_000;

    [SkippableFact]
    public void Frames_TenThousandWithRestarts_LeakNeitherMemoryNorHandles()
    {
        VulkanTests.SkipWithoutDevice();
        Skip.IfNot(OperatingSystem.IsLinux(), "Handles are counted in /proc.");
        var settings = new DemoSettings
        {
            Generation = new GenerationSettings { Model = Repository.Model, Steps = 2 },
            FrameSize = new CanvasSize(64, 64),
            TextureSize = new CanvasSize(16, 16),
            Budget = TimeSpan.FromMilliseconds(1),
        };
        using var stage = Stage.Create(settings, window: null);
        (long Resident, int Handles, long Tensors) before = default;

        for (int frame = 0; frame < WarmUpFrames + Frames; frame++)
        {
            if (frame == WarmUpFrames)
            {
                before = Measure();
            }

            if (frame % 20 == 0)
            {
                stage.Surfaces.Select(frame / 20 % stage.Surfaces.Surfaces.Length);
                stage.Surfaces.ChangeClass(1);
            }

            Assert.True(stage.Frame(frame / 60.0));
        }

        (long Resident, int Handles, long Tensors) after = Measure();
        Assert.InRange(after.Resident - before.Resident, long.MinValue, AllowedGrowthInBytes);
        Assert.InRange(after.Handles, 0, before.Handles + AllowedHandleGrowth);

        // The count is the thread's own, and negative where it disposes what another thread made: only its change
        // tells.
        Assert.InRange(after.Tensors - before.Tensors, -AllowedTensorGrowth, AllowedTensorGrowth);
    }

    private static (long Resident, int Handles, long Tensors) Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return (
            process.WorkingSet64,
            Directory.GetFiles("/proc/self/fd").Length,
            DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
