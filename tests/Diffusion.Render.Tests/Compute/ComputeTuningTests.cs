using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Compute;

/// <summary>Tiles and plans against limits of made-up devices.</summary>
public sealed unsafe class ComputeTuningTests
{
    private const uint Subgroup = 32;

    private static readonly MatrixShape _shape = new(16, 16, 16, 32);

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

    [Fact]
    public void WhyNot_MatricesThatADeviceLacks_NamesThemAndWhatThereIs()
    {
        PhysicalDeviceLimits limits = Least() with { MaxComputeSharedMemorySize = 32768 };
        ComputeTuning tuning = ComputeTuning.Cpu with { Matrices = _shape };
        MatrixShape other = _shape with { N = 8 };

        Assert.Null(tuning.WhyNot(limits, Subgroup, other, _shape));
        Assert.Equal("the device has no cooperative matrices", tuning.WhyNot(limits, Subgroup));
        Assert.Equal(
            "the device has no cooperative matrices of 16x16x16 in subgroups of 32, "
                + "but of 16x8x16 in subgroups of 32",
            tuning.WhyNot(limits, Subgroup, other));
    }

    [Theory]
    [InlineData(1, 28352, "a 3x3 convolution on matrices needs 28352 bytes of shared memory, of 28351 on this device")]
    [InlineData(
        2, 29872, "a strided convolution on matrices needs 29872 bytes of shared memory, of 29871 on this device")]
    public void WhyNot_MatricesBeyondSharedMemory_NamesTheKernel(int stride, uint bytes, string reason)
    {
        PhysicalDeviceLimits limits = Least() with { MaxComputeSharedMemorySize = bytes - 1 };
        ComputeTuning tuning = ComputeTuning.Cpu with { Matrices = _shape };

        Assert.Equal(bytes, ConvolutionTile.SharedSizeInBytes(_shape, 3, stride));
        Assert.Equal(reason, tuning.WhyNot(limits, Subgroup, _shape));
        Assert.Null(ComputeTuning.Cpu.WhyNot(limits, Subgroup, _shape));
    }

    [Theory]
    [InlineData(12, 16)]
    [InlineData(64, 16)]
    [InlineData(16, 12)]
    public void WhyNot_MatricesThatFillNoWorkgroup_NamesThem(int m, int k)
    {
        MatrixShape shape = _shape with { M = m, K = k };

        Assert.Equal(
            $"a convolution cannot be made of cooperative matrices of {m}x16x{k} in subgroups of 32",
            (ComputeTuning.Cpu with { Matrices = shape }).WhyNot(Least(), Subgroup, shape));
    }

    [Fact]
    public void Plan_MatricesInFloat32_ChangesNothing()
    {
        NetworkPlan plan = Plan();

        Assert.Equal(plan.Dispatches.Select(Describe), Plan(_shape).Dispatches.Select(Describe));

        static (KernelKey, (int, int, int)) Describe(PlannedDispatch dispatch) => (dispatch.Kernel, dispatch.Groups);
    }

    [Fact]
    public void Plan_MatricesInFloat16_TakesConvolutionsOfAsManyChannels()
    {
        NetworkPlan plan = Plan(_shape, StoragePrecision.Half);

        // 3 channels in, 3 out: neither fills a matrix. The others have 16 and more.
        PlannedDispatch[] convolutions = [.. plan.Dispatches.Where(
            dispatch => dispatch.Kernel.Shader.StartsWith("conv", StringComparison.Ordinal))];
        PlannedDispatch[] others = [.. convolutions.Where(dispatch => dispatch.Kernel.Shader == "conv.comp")];
        Assert.Equal([convolutions[0], convolutions[^1]], others);

        // 40x32 pixels of 2 samples, 16 channels of 32: tiles of 16x8; 20x16 with a stride of 2: tiles of 16x4.
        KernelKey whole = new("conv_matrix.comp", 32, 3, 4, 16, 16, 16) { Subgroup = 32 };
        Assert.Equal((whole, (3, 4, 2)), (convolutions[1].Kernel, convolutions[1].Groups));
        Assert.Contains(convolutions, dispatch =>
            dispatch.Kernel == whole with { C2 = 2 } && dispatch.Groups == (2, 4, 2));
        Assert.Contains(convolutions, dispatch => dispatch.Kernel == whole with { C1 = 1 });
    }

    private static NetworkPlan Plan(MatrixShape matrices, StoragePrecision precision = StoragePrecision.Full) =>
        new UNetStructure(_network, precision).Plan(
            batch: 2, height: 32, width: 40, seamless: true, ComputeTuning.Gpu with { Matrices = matrices });

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
