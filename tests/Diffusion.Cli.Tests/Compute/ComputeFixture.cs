using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Devices;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>One validated headless device and its kernels, for all parity tests; absent where the machine has
/// none.</summary>
public sealed class ComputeFixture : IDisposable
{
    private readonly VulkanDevice? _device;
    private readonly KernelLibrary? _kernels;
    private readonly string? _reason;

    public ComputeFixture()
    {
        try
        {
            _device = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
            _kernels = new KernelLibrary(_device);
        }
        catch (VulkanException error)
        {
            _reason = error.Message;
        }
    }

    /// <summary>The device; skips the test where there is none.</summary>
    public VulkanDevice Device
    {
        get
        {
            Skip.If(_device is null, _reason);
            return _device!;
        }
    }

    internal KernelLibrary Kernels => _kernels!;

    /// <summary>Fails on any message of the validation layer so far, synchronisation included.</summary>
    public void AssertSilent()
    {
        Device.WaitIdle();
        IReadOnlyList<string> messages = Device.Validation!.Messages;
        Assert.True(messages.Count == 0, string.Join('\n', messages));
    }

    public void Dispose()
    {
        _kernels?.Dispose();
        _device?.Dispose();
    }
}
