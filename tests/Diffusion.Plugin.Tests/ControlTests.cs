using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>Second class, variation and mean colour through the C functions.</summary>
public sealed unsafe class ControlTests
{
    [SkippableFact]
    public void Submit_SecondClass_IsMixedByWeightOrByMask()
    {
        using var host = new Host();
        NativeRequest request = Host.Request(label: 1);
        request.Flags |= (uint)RequestFlags.SecondClassLabel;
        request.SecondClassLabel = 9;
        request.SecondClassWeight = 0.5f;
        ulong half = host.Submit(request);
        request.SecondClassWeight = 0;
        ulong none = host.Submit(request);
        float[] mask = [.. Enumerable.Repeat(1f, 32 * 32)];
        ulong whole;
        fixed (float* first = mask)
        {
            request.SecondClassMask = first;
            whole = host.Submit(request);
        }

        // It was copied.
        Array.Fill(mask, float.NaN);
        host.Finish(half);
        host.Finish(none);
        host.Finish(whole);

        Assert.Equal(TestBackend.CleanByte(5), TextureTests.FirstByte(host, half));
        Assert.Equal(TestBackend.CleanByte(1), TextureTests.FirstByte(host, none));
        Assert.Equal(TestBackend.CleanByte(9), TextureTests.FirstByte(host, whole));
    }

    [SkippableFact]
    public void Submit_MeanColor_IsTheFinishedTexturesColour()
    {
        using var host = new Host();
        NativeRequest request = Host.Request(label: 1);
        request.MeanColor = 0xA08060;
        request.MeanColorStrength = 1;
        ulong texture = host.Submit(request);
        host.Finish(texture);

        Assert.Equal(0xA0, TextureTests.FirstByte(host, texture));
    }

    [SkippableFact]
    public void Submit_Variation_ChangesTheNoiseAndAtItsEndIsTheOtherSeeds()
    {
        using var host = new Host();
        NativeRequest request = Host.Request(steps: 1000);
        byte first = Noise(request);
        request.VariationSeed = 8;
        request.Variation = 0.5f;
        byte between = Noise(request);
        request.Variation = 1;
        byte end = Noise(request);
        NativeRequest other = Host.Request(steps: 1000);
        other.Seed = 8;

        Assert.Equal(Noise(other), end);
        Assert.NotEqual(first, between);
        Assert.NotEqual(end, between);

        // Before the first step.
        byte Noise(NativeRequest asked)
        {
            ulong texture = host.Submit(asked);
            host.Tick(0.01);
            Assert.Equal(0, host.Progress(texture).Step);
            byte value = TextureTests.FirstByte(host, texture);
            Host.Check(C.Release(host.Runtime, texture));
            return value;
        }
    }
}
