using System.Diagnostics;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Runtime.Budget;
using Silk.NET.Vulkan;

namespace Diffusion.Plugin.Runtimes;

/// <content>The frame: work, hand-over, loans and their sums.</content>
internal sealed partial class PluginRuntime
{
    private const double MaxBudgetMs = 60_000;

    // The hand-over's cost is expected to be the largest seen, forgotten slowly.
    private const double HandOverDecay = 0.95;

    private NativeStatistics _statistics;
    private double _handOverMs;

    /// <summary>The engine's device or this runtime's own, for tests.</summary>
    internal VulkanDevice Device => _device!;

    /// <summary>One frame; see <c>diffusion_tick</c>.</summary>
    public NativeTickReport Tick(double budgetMs)
    {
        long begun = Stopwatch.GetTimestamp();
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        if (!(budgetMs is >= 0 and <= MaxBudgetMs))
        {
            throw new PluginException(
                ResultCode.ErrorInvalidArgument, $"budget_ms must be from 0 to {MaxBudgetMs}, not {budgetMs}.");
        }

        // The hand-over comes out of the same budget, but never takes more than half of it from the work.
        double workMs = Math.Max(budgetMs - _handOverMs, budgetMs / 2);
        TickReport report = _runtime?.Tick(TimeSpan.FromMilliseconds(workMs)) ?? default;
        long worked = Stopwatch.GetTimestamp();
        HandOver();
        double takenMs = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        _handOverMs = Math.Max(
            Stopwatch.GetElapsedTime(worked).TotalMilliseconds, _handOverMs * HandOverDecay);
        Count(report, budgetMs, takenMs);
        _statistics.TickAllocatedBytes += (ulong)(GC.GetAllocatedBytesForCurrentThread() - allocated);
        return new NativeTickReport
        {
            BudgetMs = budgetMs,
            TakenMs = takenMs,
            PredictedMs = report.PredictedCost.TotalMilliseconds,
            NextPredictedMs = report.NextPredictedCost.TotalMilliseconds,
            SlicesRun = report.SlicesRun,
            StepsCompleted = report.StepsCompleted,
            TexturesCompleted = report.TexturesCompleted,
            TexturesFailed = report.TexturesFailed,
            Forced = report.Forced ? 1u : 0,
            Stop = (uint)report.Stop,
            SubmittedMs = report.SubmittedCost.TotalMilliseconds,
        };
    }

    /// <summary>Lends the newest image; see <c>diffusion_get_latest</c>.</summary>
    public bool TryGetLatest(ulong handle, ref NativeImage image)
    {
        PluginTexture texture = _textures.Find(handle);
        if (_device is not { IsAdopted: true })
        {
            throw new PluginException(
                ResultCode.ErrorInvalidState,
                "The runtime is on a device of its own or on none; images are for hosts that lend theirs, "
                + "see diffusion_create.");
        }

        if (texture.Shared is null)
        {
            _publisher ??= new ImagePublisher(_device);
            texture.Share(_device, _publisher.Add(Loaded.GetSamples(texture.Handle), $"texture {handle:x}"));
        }

        if (!texture.Shared!.TryGetLatest(out SharedImage latest)
            || latest.Info.Generation < texture.FirstGeneration)
        {
            return false;
        }

        image.Loan = texture.Loans!.Begin(latest.Index);
        image.Image = latest.Image.Handle;
        image.View = latest.View.Handle;
        image.Semaphore = latest.Semaphore.Handle;
        image.ReadyValue = latest.ReadableValue;
        image.Format = (uint)Format.R8G8B8A8Srgb;
        image.Layout = (uint)latest.Layout;
        image.Width = (uint)texture.Shared.Width;
        image.Height = (uint)texture.Shared.Height;
        image.MipLevels = (uint)int.Log2(Math.Max(texture.Shared.Width, texture.Shared.Height)) + 1;
        image.Step = latest.Info.Step;
        image.Generation = latest.Info.Generation;
        image.Alpha = latest.Info.NoiseLevel.Alpha;
        image.Sigma = latest.Info.NoiseLevel.Sigma;
        image.Texture = handle;
        return true;
    }

    /// <summary>Takes an image back; see <c>diffusion_release_after</c>.</summary>
    public void ReleaseAfter(in NativeImage image, ulong semaphore, ulong value)
    {
        ImageLoans loans = _textures.Find(image.Texture).Loans ?? throw new PluginException(
            ResultCode.ErrorInvalidHandle, "No image of this texture was lent.");
        loans.End(image.Loan, semaphore, value);
    }

    /// <summary>Sums; see <c>diffusion_get_statistics</c>.</summary>
    public unsafe NativeStatistics GetStatistics()
    {
        NativeStatistics result = _statistics;
        result.TexturesLive = (ulong)_textures.Count;
        result.ImagesConverted = (ulong)(_publisher?.ConversionCount ?? 0);
        result.BytesCopied = (ulong)(_publisher?.TotalBytesCopied ?? 0);
        result.GcCollections = (ulong)GC.CollectionCount(0);
        result.Sharing = (uint)FindSharing();
        Utf8Text.Copy(_backend?.Name ?? "", new Span<byte>(result.Backend, NativeStatistics.BackendLength));
        Utf8Text.Copy(_backend?.Device ?? "", new Span<byte>(result.Device, NativeStatistics.DeviceLength));
        return result;
    }

    private void HandOver()
    {
        if (_released.Count > 0 || _endedSurfaces.Count > 0)
        {
            FreeReleased(isForced: false);
        }

        if (_publisher is not null)
        {
            for (int i = 0; i < _textures.Places.Count; i++)
            {
                _textures.Places[i]?.Loans?.Poll();
            }

            PollSurfaces();

            _publisher.Publish();
        }

        CollectRetired();
        ForwardValidation();
    }

    // What was released goes once the device is past one more submission. Where nothing else is submitted, as in a host
    // that releases and then idles, an empty one gets it there.
    private unsafe void CollectRetired()
    {
        if (_device is null)
        {
            return;
        }

        _device.Retirement.Collect();
        if (_device.Retirement.Count == 0 || _device.Timeline.Completed < _device.Timeline.Submitted)
        {
            return;
        }

        var signal = new SemaphoreSubmitInfo
        {
            SType = StructureType.SemaphoreSubmitInfo,
            Semaphore = _device.Timeline.Semaphore,
            Value = _device.Timeline.Submitted + 1,
            StageMask = PipelineStageFlags2.AllCommandsBit,
        };
        var submit = new SubmitInfo2
        {
            SType = StructureType.SubmitInfo2,
            SignalSemaphoreInfoCount = 1,
            PSignalSemaphoreInfos = &signal,
        };
        _device.Submit(&submit);
    }

    private void Count(in TickReport report, double budgetMs, double takenMs)
    {
        _statistics.Ticks++;
        _statistics.Slices += (ulong)report.SlicesRun;
        _statistics.Steps += (ulong)report.StepsCompleted;
        _statistics.TexturesCompleted += (ulong)report.TexturesCompleted;
        _statistics.TexturesFailed += (ulong)report.TexturesFailed;
        _statistics.BudgetMs += budgetMs;
        _statistics.TakenMs += takenMs;

        // A tick without a budget is a hand-over and promises nothing.
        if (budgetMs > 0 && takenMs > budgetMs)
        {
            _statistics.TicksOverBudget++;
            _statistics.WorstOverrunMs = Math.Max(_statistics.WorstOverrunMs, takenMs - budgetMs);
        }
    }

    private SharingKind FindSharing()
    {
        var kind = SharingKind.None;
        foreach (PluginTexture? texture in _textures.Places)
        {
            kind = texture?.Shared?.Path switch
            {
                SharingPath.InPlace => SharingKind.InPlace,
                SharingPath.HostImport => SharingKind.HostImport,
                SharingPath.Staging => SharingKind.Staging,
                _ => kind,
            };
        }

        return kind;
    }
}
