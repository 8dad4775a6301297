using Diffusion.Render.Devices;

namespace Diffusion.Render.Tests.Support;

/// <summary>One validated headless device for the tests of a collection; absent where the machine has none.</summary>
public sealed class VulkanFixture : IDisposable
{
    private readonly VulkanDevice? _device;
    private readonly string? _reason;
    private VirtualDisplay? _display;

    public VulkanFixture()
    {
        try
        {
            _device = VulkanDevice.Create(new VulkanDeviceOptions { EnableValidation = true });
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

    /// <summary>Sees to a display for a window; skips the test where there can be none.</summary>
    /// <remarks>One for all tests: GLFW connects once in a process and dies with its server.</remarks>
    public void RequireDisplay() => _display ??= new VirtualDisplay();

    /// <summary>Fails on any message of the validation layer so far.</summary>
    public void AssertSilent()
    {
        Device.WaitIdle();
        AssertSilent(Device);
    }

    /// <summary>Fails on any message of a device's validation layer, with its whole text.</summary>
    public static void AssertSilent(VulkanDevice device)
    {
        IReadOnlyList<string> messages = device.Validation!.Messages;
        Assert.True(messages.Count == 0, string.Join('\n', messages));
    }

    public void Dispose()
    {
        _device?.Dispose();
        _display?.Dispose();
    }
}
