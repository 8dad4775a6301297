using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests.Backends;

public sealed class HostSampleStateTests
{
    private static readonly SessionOptions _options = new() { Width = 10, Height = 6, HistoryLength = 1 };
    private static readonly NoiseLevel _level = new(500, 0.6, 0.8);

    // F is the clean estimate itself, unclamped.
    private static readonly Evaluation _direct = new(new Preconditioning(0, 1, 1, 0), 0, -1, 1, float.PositiveInfinity);

    [Fact]
    public void Start_Image_IsScaledAndNoised()
    {
        using HostSampleState state = new(_options);
        float[] image = [.. Enumerable.Range(0, 180).Select(i => (i / 90f) - 1)];
        float[] z = new float[180];
        GaussianNoise.Fill(z, 10, 6, 3, new NoiseSource(5), step: 0);

        state.Start(_level, new NoiseSource(5), image);

        for (int i = 0; i < 180; i++)
        {
            Assert.Equal((0.6f * image[i]) + (0.8f * z[i]), state.CurrentSample[i], 1e-6f);
        }

        Assert.Equal(new SampleInfo(1, 0, _level), state.Samples.LatestInfo);
    }

    [Fact]
    public void CompleteStep_EarlierEstimate_IsTheOneOfTheStepBefore()
    {
        using HostSampleState state = new(_options);
        state.Start(_level, new NoiseSource(5));
        LinearStep step = default;
        step.Target = _level;
        step.Denoised[0] = 1;
        LinearStep earlier = step;
        earlier.Denoised[0] = 0;
        earlier.Denoised[1] = 1;

        Assert.True(state.CompleteStep(_direct, Constant(3), default, step, default, 1));
        Assert.True(state.CompleteStep(_direct, Constant(4), default, step, default, 2));
        Assert.True(state.CompleteStep(_direct, Constant(5), default, earlier, default, 3));

        Assert.Equal(Constant(4), state.CurrentSample);
        Assert.Equal(Constant(5), state.Samples.Denoised(state.Samples.CurrentSlot));
    }

    [Fact]
    public void CompleteStep_ReadersHoldTheirSlots_NeverWaits()
    {
        using HostSampleState state = new(_options);
        state.Start(_level, new NoiseSource(5));
        Queue<SampleLease> leases = new();
        ulong seen = 0;
        for (int step = 1; step < 30; step++)
        {
            Assert.True(state.Samples.TryAcquireLatest(seen, out SampleLease lease));
            seen = lease.Info.Generation;
            leases.Enqueue(lease);
            if (leases.Count > SampleRing.ReaderSlots)
            {
                state.Samples.Release(leases.Dequeue());
            }

            Assert.True(state.CompleteStep(_direct, Constant(step), default, default, default, step));
        }
    }

    [Fact]
    public void CompleteStep_ReadersHoldEverySlot_ChangesNothing()
    {
        using HostSampleState state = new(new SessionOptions { Width = 4, Height = 4 });
        state.Start(_level, new NoiseSource(5));
        int step = 0;
        ulong seen = 0;
        while (state.Samples.TryAcquireLatest(seen, out SampleLease lease))
        {
            seen = lease.Info.Generation;
            _ = state.CompleteStep(_direct, new float[48], default, default, default, ++step);
        }

        SampleInfo before = state.Samples.LatestInfo;
        Assert.False(state.CompleteStep(_direct, new float[48], default, default, default, step + 1));
        Assert.Equal(before, state.Samples.LatestInfo);
    }

    [Fact]
    public void CompleteStep_NaN_PublishesNothing()
    {
        using HostSampleState state = new(_options);
        state.Start(_level, new NoiseSource(5));
        LinearStep step = default;
        step.Denoised[0] = 1;

        NonFiniteSampleException error = Assert.Throws<NonFiniteSampleException>(
            () => state.CompleteStep(_direct, Constant(float.NaN), default, step, default, 1));

        Assert.Equal(1, error.StepNumber);
        Assert.Equal(1UL, state.Samples.LatestInfo.Generation);
    }

    [Fact]
    public void CompleteStep_WarmedUp_AllocatesNothing()
    {
        using HostSampleState state = new(_options);
        state.Start(_level, new NoiseSource(5));
        float[] output = Constant(0.5f);
        LinearStep step = default;
        step.Denoised[0] = 0.5;
        step.Noise = 0.5;
        state.CompleteStep(_direct, output, default, step, default, 1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        state.CompleteStep(_direct, output, default, step, default, 2);
        state.Start(_level, new NoiseSource(6));

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static float[] Constant(float value) => Enumerable.Repeat(value, 180).ToArray();
}
