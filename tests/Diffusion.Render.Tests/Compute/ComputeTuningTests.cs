using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Runtime.Models;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Compute;

/// <summary>Tiles and plans against limits of made-up devices.</summary>
public sealed unsafe class ComputeTuningTests
{
    private const uint Subgroup = 32;

    private static readonly UNetConfig _network = new()
    {
        BlockOutChannels = [16, 32],
        DownBlockTypes = ["DownBlock2D", "DownBlock2D"],
        UpBlockTypes = ["UpBlock2D", "UpBlock2D"],
        LayersPerBlock = 1,
        NormNumGroups = 8,
    };

    [Fact]
    public void WhyNot_TheLeastThatVulkanGuarantees_TakesWhatEachKindOfDeviceBeginsWith()
    {
        PhysicalDeviceLimits limits = Least();

        Assert.Null((ComputeTuning.Gpu with { NormThreads = 128 }).WhyNot(limits, Subgroup));
        Assert.Null(ComputeTuning.Cpu.WhyNot(limits, Subgroup));
    }

    [Theory]
    [InlineData("x", 7, "a workgroup of a convolution is 8 wide, of 7 on this device")]
    [InlineData("x", 127, "a workgroup of a normalisation is 128 wide, of 127 on this device")]
    [InlineData("y", 7, "a workgroup of a convolution is 8 high, of 7 on this device")]
    [InlineData("invocations", 63, "a workgroup of a convolution has 64 invocations, of 63 on this device")]
    [InlineData("invocations", 127, "a workgroup of a normalisation has 128 invocations, of 127 on this device")]
    [InlineData("shared", 13839, "a 3x3 convolution needs 13840 bytes of shared memory, of 13839 on this device")]
    public void WhyNot_ALimitBelowATile_NamesValueAndLimit(string limit, uint value, string reason)
    {
        PhysicalDeviceLimits limits = Least();
        switch (limit)
        {
            case "x":
                limits.MaxComputeWorkGroupSize[0] = value;
                break;
            case "y":
                limits.MaxComputeWorkGroupSize[1] = value;
                break;
            case "invocations":
                limits.MaxComputeWorkGroupInvocations = value;
                break;
            default:
                limits.MaxComputeSharedMemorySize = value;
                break;
        }

        Assert.Equal(reason, (ComputeTuning.Gpu with { NormThreads = 128 }).WhyNot(limits, Subgroup));
    }

    [Fact]
    public void WhyNot_TheSecondOfTheGroups_IsCheckedAsWell()
    {
        PhysicalDeviceLimits limits = Least();

        Assert.Equal(
            "a workgroup of a convolution has 256 invocations, of 128 on this device",
            (ComputeTuning.Cpu with { ConvolutionGroups = [4, 32] }).WhyNot(limits, Subgroup));
        Assert.Equal(
            "a 1x1 convolution needs 16384 bytes of shared memory, of 16383 on this device",
            (ComputeTuning.Cpu with { ConvolutionGroups = [8], PointwiseChannels = 32 })
                .WhyNot(limits with { MaxComputeSharedMemorySize = 16383 }, Subgroup));
    }

    [Theory]
    [InlineData(0, 4, "needs 5 workgroups of patch.comp along x; the device takes at most 4")]
    [InlineData(1, 3, "needs 4 workgroups of patch.comp along y; the device takes at most 3")]
    [InlineData(2, 5, "needs 6 workgroups of patch.comp along z; the device takes at most 5")]
    public void WhyNot_APlanOfMoreWorkgroups_NamesThemAndTheKernel(int axis, uint most, string reason)
    {
        PhysicalDeviceLimits limits = Least();
        NetworkPlan plan = Plan();
        Assert.Null(plan.WhyNot(limits));

        limits.MaxComputeWorkGroupCount[axis] = most;

        Assert.Equal(reason, plan.WhyNot(limits));
    }

    [Fact]
    public void WhyNot_ATensorThatCannotBeBound_NamesItsSize()
    {
        PhysicalDeviceLimits limits = Least() with { MaxStorageBufferRange = 1000 };

        Assert.Matches("^needs a tensor of [0-9]+ bytes; the device binds at most 1000$", Plan().WhyNot(limits));
    }

    private static NetworkPlan Plan() => new UNetStructure(_network, StoragePrecision.Full).Plan(
        batch: 2, height: 32, width: 40, seamless: true, ComputeTuning.Gpu, double.PositiveInfinity);

    // [Vulkan 1.3, Table 53] of what the kernels use.
    private static PhysicalDeviceLimits Least()
    {
        var limits = new PhysicalDeviceLimits
        {
            MaxComputeSharedMemorySize = 16384,
            MaxComputeWorkGroupInvocations = 128,
            MaxStorageBufferRange = 1 << 27,
        };
        (uint Count, uint Size)[] axes = [(65535, 128), (65535, 128), (65535, 64)];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            (limits.MaxComputeWorkGroupCount[axis], limits.MaxComputeWorkGroupSize[axis]) = axes[axis];
        }

        return limits;
    }
}
