using Diffusion.Cli.Generation;
using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Sampling;

namespace Diffusion.Cli.Checking;

/// <summary>Finds out what a machine has and whether it works.</summary>
internal static class Checker
{
    /// <summary>
    /// How far backends may be apart: random words are the same, arithmetic is rounded differently (a tenth of what a
    /// texture's grain shows).
    /// </summary>
    private const double RmsTolerance = 0.02;

    private const int PathEdge = 256;

    /// <summary>Lists, tests and times.</summary>
    /// <exception cref="VulkanException">The device that was named is not there.</exception>
    /// <exception cref="UserErrorException">The model that was named is not there.</exception>
    public static CheckReport Run(CheckSettings settings)
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(settings.Model));
        VulkanDevice? device = null;
        string? deviceError = null;
        IReadOnlyList<VulkanDeviceInfo> devices = [];
        try
        {
            devices = VulkanDevice.List();
            device = VulkanDevice.Create(
                new VulkanDeviceOptions { Device = settings.Gpu, EnableValidation = settings.Validation });
        }
        catch (VulkanException error) when (settings.Gpu is null && !settings.Validation)
        {
            deviceError = error.Message;
        }

        using (device)
        {
            // The paths first: libtorch's workers would disturb their times.
            CheckedPath[] paths = [.. SharingPathNames.All.Select(path => CheckPath(device, path, deviceError))];
            var report = new CheckReport
            {
                DeviceError = deviceError,
                Devices = [.. devices.Select(info => Describe(info, device))],
                Sharing = paths,
                Backends = CheckBackends(BackendCandidate.All(device), folder),
            };
            return report with { ValidationMessages = device?.Validation?.Messages };
        }
    }

    /// <summary>Tests backends in turn: the first that works is what the others are compared with.</summary>
    public static IReadOnlyList<CheckedBackend> CheckBackends(
        IReadOnlyList<BackendCandidate> candidates, ModelFolder folder)
    {
        var found = new List<CheckedBackend>();
        float[]? reference = null;
        string referenceName = "";
        foreach (BackendCandidate candidate in candidates)
        {
            IDenoiserBackend backend;
            try
            {
                backend = candidate.Create(folder);
            }
            catch (Exception error) when (error is NotSupportedException or DllNotFoundException or ArgumentException)
            {
                found.Add(new CheckedBackend(candidate.Name, CheckState.Unavailable, error.Message));
                continue;
            }
            catch (VulkanException error)
            {
                found.Add(new CheckedBackend(candidate.Name, CheckState.Failed, error.Message));
                continue;
            }

            using (backend)
            {
                CheckedBackend result = Compare(candidate.Name, backend, folder, referenceName, ref reference);
                referenceName = reference is not null && referenceName.Length == 0 ? candidate.Name : referenceName;
                found.Add(result);
            }
        }

        return found;
    }

    private static CheckedBackend Compare(
        string name, IDenoiserBackend backend, ModelFolder folder, string referenceName, ref float[]? reference)
    {
        try
        {
            (float[] first, _) = BackendSelfTest.Run(backend, folder);

            // The first run warms up: kernels are chosen, memory is taken.
            (float[] second, TimeSpan step) = BackendSelfTest.Run(backend, folder);
            double milliseconds = Math.Round(step.TotalMilliseconds, 2);
            if (!first.AsSpan().SequenceEqual(second))
            {
                return new CheckedBackend(
                    name, CheckState.Failed, $"{backend.Device}: the same seed gave two samples", milliseconds,
                    BackendSelfTest.Difference(first, second));
            }

            double difference = reference is null ? 0 : BackendSelfTest.Difference(reference, second);
            string tested = reference is null ? "the same seed gives the same bits" : $"agrees with {referenceName}";
            if (difference > RmsTolerance)
            {
                return new CheckedBackend(
                    name, CheckState.Failed, $"{backend.Device}: differs from {referenceName}", milliseconds,
                    difference);
            }

            reference ??= second;
            return new CheckedBackend(
                name, CheckState.Works, $"{backend.Device}; {tested}", milliseconds, difference);
        }
        catch (Exception error) when (error is InvalidDataException or VulkanException or NonFiniteSampleException)
        {
            return new CheckedBackend(name, CheckState.Failed, $"{backend.Device}: {error.Message}");
        }
    }

    private static CheckedDevice Describe(VulkanDeviceInfo info, VulkanDevice? device) => new(
        info.Index, info.Name, info.Type.ToString(), info.Version.ToString(), info.Driver,
        info.Index == device?.Info.Index, info.Missing);

    private static CheckedPath CheckPath(VulkanDevice? device, SharingPath path, string? deviceError)
    {
        string name = SharingPathNames.NameOf(path);
        if (device is null)
        {
            return new CheckedPath(name, CheckState.Unavailable, deviceError!);
        }

        SharingTestResult result;
        try
        {
            result = path == SharingPath.Cuda ? TestCuda(device) : SharingSelfTest.Run(device, path, PathEdge);
        }
        catch (VulkanException error)
        {
            return new CheckedPath(name, CheckState.Failed, error.Message);
        }

        if (result.WhyNot is not null)
        {
            return new CheckedPath(name, CheckState.Unavailable, result.WhyNot);
        }

        return new CheckedPath(
            name,
            result.HasPassed ? CheckState.Works : CheckState.Failed,
            result.HasPassed
                ? $"{PathEdge}x{PathEdge}, written on the path's own side, read on the device"
                : $"a channel differs by {result.LargestDifference} of 255",
            Math.Round(result.HandOverP50.TotalMicroseconds, 1),
            Math.Round(result.HandOverP99.TotalMicroseconds, 1),
            result.BytesCopiedPerHandOver);
    }

    private static SharingTestResult TestCuda(VulkanDevice device)
    {
        TorchSamples? made = null;
        try
        {
            return SharingSelfTest.Run(
                device, SharingPath.Cuda, PathEdge,
                samples: (slots, size) => made = TorchSamples.OnCuda(slots, size, PathEdge, PathEdge));
        }
        catch (Exception error) when (error is NotSupportedException or DllNotFoundException)
        {
            return new SharingTestResult(SharingPath.Cuda, error.Message);
        }
        finally
        {
            made?.Dispose();
        }
    }
}
