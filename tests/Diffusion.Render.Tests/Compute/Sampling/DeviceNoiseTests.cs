using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;
using Diffusion.Runtime.Noise;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Compute.Sampling;

/// <summary>The noise function in GLSL against the host's.</summary>
[Collection(VulkanTests.Name)]
public sealed class DeviceNoiseTests(VulkanFixture vulkan)
{
    private const int Width = 71;
    private const int Height = 45;

    /// <summary>The promise across backends; relative above 1, where a unit in the last place is up to 5e-7.</summary>
    private const float GaussianTolerance = 1e-6f;

    public static TheoryData<ulong, uint, int, int, int> Sources => new()
    {
        { 0, 0, 0, 0, 0 },
        { 7, 1, 0, 0, 20 },
        { ulong.MaxValue, (1 << 24) - 1, -13, int.MinValue, 1000 },
        { 0x0123456789ABCDEF, 77, int.MaxValue - 5, -1, 3 },
    };

    [SkippableTheory]
    [MemberData(nameof(Sources))]
    public void Words_AnyCounter_AreTheHostsToTheBit(ulong seed, uint chain, int originX, int originY, int step)
    {
        uint[] words = Draw(1, new NoiseSource(seed, chain, originX, originY), step);

        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                (uint c0, uint c1, uint c2, uint c3) =
                    (unchecked((uint)(originX + x)), unchecked((uint)(originY + y)), (uint)step, chain << 8);
                Philox4x32.Generate(ref c0, ref c1, ref c2, ref c3, (uint)seed, (uint)(seed >> 32));
                int pixel = (y * Width) + x;
                Assert.Equal(
                    (c0, c1, c2, c3),
                    (words[pixel], words[pixel + (Width * Height)], words[pixel + (2 * Width * Height)],
                        words[pixel + (3 * Width * Height)]));
            }
        }

        vulkan.AssertSilent();
    }

    [SkippableTheory]
    [MemberData(nameof(Sources))]
    public void Normals_AnyCounter_AreTheHostsToRounding(ulong seed, uint chain, int originX, int originY, int step)
    {
        CompareNormals(new NoiseSource(seed, chain, originX, originY), step);
    }

    [SkippableTheory]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void Normals_BetweenTwoSeeds_AreTheHostsToRounding(float variation) => CompareNormals(
        new NoiseSource(7, 5, -3, 9) { VariationSeed = 0x0123456789ABCDEF, Variation = variation }, step: 4);

    private void CompareNormals(NoiseSource source, int step)
    {
        var expected = new float[4 * Width * Height];
        GaussianNoise.Fill(expected, Width, Height, 4, source, step);

        ReadOnlySpan<float> normals = MemoryMarshal.Cast<uint, float>(Draw(2, source, step));

        for (int i = 0; i < expected.Length; i++)
        {
            float allowed = GaussianTolerance * MathF.Max(1, MathF.Abs(expected[i]));
            Assert.True(
                MathF.Abs(expected[i] - normals[i]) <= allowed, $"z {i} is {normals[i]} in place of {expected[i]}");
        }
    }

    // 1 for words, 2 for normals: sample_start.comp.
    private unsafe uint[] Draw(uint output, NoiseSource source, int step)
    {
        VulkanDevice device = vulkan.Device;
        using var kernels = new KernelLibrary(device);
        using GpuBuffer parameters = GpuBuffer.Upload(
            device, (ulong)Unsafe.SizeOf<StepParameters>(), BufferUsageFlags.StorageBufferBit, "parameters");
        using GpuBuffer target = GpuBuffer.Readback(
            device, 4 * sizeof(uint) * Width * Height, "words", BufferUsageFlags.StorageBufferBit);
        parameters.Span<StepParameters>()[0] = new StepParameters
        {
            Width = Width,
            Height = Height,
            SeedLow = (uint)source.Seed,
            SeedHigh = (uint)(source.Seed >> 32),
            VariationSeedLow = (uint)source.VariationSeed,
            VariationSeedHigh = (uint)(source.VariationSeed >> 32),
            OwnNoise = source.Weights.Own,
            OtherNoise = source.Weights.Other,
            OriginX = (uint)source.OriginX,
            OriginY = (uint)source.OriginY,
            StepNumber = (uint)step,
            ChainWord = source.Chain << 8,
        };
        using var owned = new Construction(device);
        DescriptorPool pool = owned.Own(Descriptors.CreatePool(device, KernelLibrary.BindingTypes, 1), "noise");
        DescriptorSet set = Descriptors.Allocate(device, pool, kernels.SetLayout);
        Descriptors.WriteBuffer(device, set, 2, DescriptorType.StorageBuffer, parameters);
        Descriptors.WriteBuffer(device, set, 7, DescriptorType.StorageBuffer, target);
        using var commands = new Diffusion.Render.Devices.OneTimeCommands(device, "noise");
        CommandBuffer recorded = commands.Begin();
        device.Api.CmdBindPipeline(
            recorded, PipelineBindPoint.Compute, kernels[new KernelKey("sample_start.comp", output)]);
        device.Api.CmdBindDescriptorSets(
            recorded, PipelineBindPoint.Compute, kernels.Layout, 0, 1, &set, 0, null);
        device.Api.CmdDispatch(recorded, (Width + 7) / 8, (Height + 7) / 8, 1);
        Barriers.Memory(
            device, recorded, PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
            PipelineStageFlags2.HostBit, AccessFlags2.HostReadBit);
        commands.EndAndWait();
        return target.Span<uint>().ToArray();
    }
}
