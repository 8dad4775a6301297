using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Sharing;
using Diffusion.Runtime.Solvers;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests;

public sealed class TorchSessionTests : IDisposable
{
    private const int Width = 24;
    private const int Height = 16;
    private const int NullLabel = 4;

    /// <summary>
    /// Relative: the same sums in another order round differently, and guidance magnifies the difference.
    /// </summary>
    private const float Rounding = 1e-4f;

    private static readonly NoiseLevel _noisy = new(500, 0.6, 0.8);

    private static readonly NoiseSource _noise = new(Seed: 11);

    /// <summary>D = F(0.5·x): shows the network's output as it is.</summary>
    private static readonly Evaluation _plainOutput = new(
        new Preconditioning(CSkip: 0, COut: 1, CIn: 0.5, CNoise: 321),
        ClassLabel: 2,
        NullLabel,
        GuidanceScale: 1,
        ClampLimit: float.PositiveInfinity);

    private readonly UNet2DModel _network = TestNetworks.Create(TestNetworks.Textures);
    private readonly TorchBackend _backend;

    public TorchSessionTests() => _backend = new TorchBackend(_network, NullLabel);

    public void Dispose()
    {
        _backend.Dispose();
        _network.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RunSlice_AllInOrder_EqualsTheWholeForwardToTheBit(bool seamless)
    {
        using IDenoiserSession session = Create(seamless);
        session.Start(_noisy, _noise);
        float[] x = session.Samples.Sample(session.Samples.CurrentSlot).ToArray();
        float[] sliced = Step(session, _plainOutput);

        Assert.Equal(Forward(x, label: 2, seamless), sliced);
    }

    [Fact]
    public void CompleteStep_Guided_MixesClassAndNullOutputs()
    {
        const float w = 3;
        using IDenoiserSession session = Create(guided: true);
        session.Start(_noisy, _noise);
        float[] x = session.Samples.Sample(session.Samples.CurrentSlot).ToArray();
        float[] guided = Step(session, _plainOutput with { GuidanceScale = w });

        float[] forClass = Forward(x, label: 2);
        float[] forNull = Forward(x, NullLabel);
        float[] expected = [.. forClass.Zip(forNull, (c, n) => n + (w * (c - n)))];
        AssertClose(expected, guided);
    }

    [Fact]
    public void CompleteStep_GuidedSessionWithScaleOne_IsTheClassAloneAndHalfTheWork()
    {
        using IDenoiserSession session = Create(guided: true);
        session.Start(_noisy, _noise);
        float[] x = session.Samples.Sample(session.Samples.CurrentSlot).ToArray();

        AssertClose(Forward(x, label: 2), Step(session, _plainOutput));

        Assert.Equal(2, FlopsOf(session.SlicesOf(isGuided: true)) / FlopsOf(session.SlicesOf(isGuided: false)), 1e-9);

        double FlopsOf(SliceRange slices) =>
            session.Slices.Skip(slices.First).Take(slices.Count).Sum(slice => slice.Flops);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(3f)]
    public void CompleteStep_TwoClasses_MixesTheirOutputsByTheMask(float w)
    {
        using IDenoiserSession session = _backend.CreateSession(
            new SessionOptions { Width = Width, Height = Height, Mixed = true, Guided = w != 1 });
        float[] mask = [.. Enumerable.Range(0, Width * Height).Select(i => (i % Width) / (Width - 1f))];
        session.SetClassMask(mask);
        session.Start(_noisy, _noise);
        float[] x = session.Samples.Sample(session.Samples.CurrentSlot).ToArray();
        float[] mixed = Step(session, _plainOutput with { GuidanceScale = w, SecondLabel = 1, SecondWeight = 0.9f });

        float[] first = Forward(x, label: 2);
        float[] second = Forward(x, label: 1);
        float[] none = Forward(x, NullLabel);
        float[] expected = [.. first.Select((f, i) =>
        {
            float m = mask[i % mask.Length];
            return none[i] + (w * (((1 - m) * f) + (m * second[i]) - none[i]));
        })];
        AssertClose(expected, mixed);
        Assert.True(session.Slices[1].Flops > 1.5 * Create().Slices[1].Flops);
    }

    [Fact]
    public void SetClassMask_OfNoSecondClassOrAnotherSize_Throws()
    {
        using IDenoiserSession plain = Create();
        using IDenoiserSession mixed = _backend.CreateSession(
            new SessionOptions { Width = Width, Height = Height, Mixed = true });

        Assert.Throws<ArgumentException>(() => plain.SetClassMask(new float[Width * Height]));
        Assert.Throws<ArgumentException>(() => mixed.SetClassMask(new float[5]));
    }

    [Fact]
    public void Chain_SameSeed_GivesTheSameBitsTwiceAndForTwoNoiseThreads()
    {
        float[] first = RunChain(noiseThreads: 1);
        Assert.Equal(first, RunChain(noiseThreads: 1));
        Assert.Equal(first, RunChain(noiseThreads: 2));

        float[] RunChain(int noiseThreads)
        {
            using IDenoiserSession session = Create(guided: true, noiseThreads: noiseThreads);
            session.Start(_noisy, _noise);
            for (int step = 1; step <= 3; step++)
            {
                Step(session, _plainOutput with { GuidanceScale = 2 }, step);
            }

            return session.Samples.Sample(session.Samples.CurrentSlot).ToArray();
        }
    }

    [Fact]
    public void RunSlice_ThatFails_DropsTheEvaluationAndKeepsTheSession()
    {
        using IDenoiserSession session = Create();
        session.Start(_noisy, _noise);
        float[] x = session.Samples.Sample(session.Samples.CurrentSlot).ToArray();
        Tensor weight = _network.get_parameter("down_blocks.0.resnets.0.conv1.weight")!;
        long[] shape = weight.shape;
        session.BeginEvaluation(_plainOutput);
        session.RunSlice(0);
        using (no_grad())
        {
            weight.unsqueeze_(0);
        }

        Assert.ThrowsAny<System.Runtime.InteropServices.ExternalException>(() => session.RunSlice(1));
        using (no_grad())
        {
            weight.squeeze_(0);
        }

        Assert.Equal(shape, weight.shape);
        Assert.Throws<InvalidOperationException>(() => session.RunSlice(2));
        Assert.Equal(Forward(x, label: 2), Step(session, _plainOutput));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forward_InputRolledByTheStride_RollsTheOutputOnlyWhenSeamless(bool seamless)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        _network.Seamless = seamless;
        int stride = _network.Config.Stride;
        Tensor x = TestNetworks.Noise(3, 1, 3, Height, Width);
        Tensor time = tensor([100f]);
        Tensor label = tensor([1L]);
        Tensor rolledOutput = roll(_network.call(x, time, label), [stride, 2 * stride], [2, 3]);
        Tensor outputOfRolled = _network.call(roll(x, [stride, 2 * stride], [2, 3]), time, label);

        float difference = (rolledOutput - outputOfRolled).abs().max().item<float>();
        float scale = rolledOutput.abs().max().item<float>();
        Assert.Equal(seamless, difference < Rounding * scale);
    }

    [Fact]
    public void CompleteStep_ManySteps_LeavesNoTensorBehind()
    {
        using IDenoiserSession session = Create(guided: true);
        session.Start(_noisy, _noise);
        Step(session, _plainOutput);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int step = 2; step <= 6; step++)
        {
            Step(session, _plainOutput, step);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Dispose_AmidAnEvaluation_LeavesNoTensorBehind()
    {
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using (IDenoiserSession session = Create())
        {
            session.Start(_noisy, _noise);
            session.BeginEvaluation(_plainOutput);
            session.RunSlice(0);
            session.RunSlice(1);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void RunSlice_InsideAForeignScopePerSlice_KeepsItsState()
    {
        using IDenoiserSession session = Create();
        session.Start(_noisy, _noise);
        session.BeginEvaluation(_plainOutput);
        for (int i = 0; i < session.Slices.Count; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            session.RunSlice(i);
        }

        Assert.True(session.CompleteStep(KeepDenoised(), _noise, 1));
    }

    [Fact]
    public void EveryMember_AfterDispose_Throws()
    {
        IDenoiserSession session = Create();
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Start(_noisy, _noise));
        Assert.Throws<ObjectDisposedException>(() => session.BeginEvaluation(_plainOutput));
        Assert.Throws<ObjectDisposedException>(() => session.RunSlice(0));
        Assert.Throws<ObjectDisposedException>(() => session.CompleteStep(KeepDenoised(), _noise, 1));
    }

    [Fact]
    public void RunSlice_OutOfOrder_Throws()
    {
        using IDenoiserSession session = Create();
        session.Start(_noisy, _noise);
        Assert.Throws<InvalidOperationException>(() => session.RunSlice(0));
        session.BeginEvaluation(_plainOutput);
        Assert.Throws<InvalidOperationException>(() => session.RunSlice(1));
        Assert.Throws<InvalidOperationException>(() => session.CompleteStep(KeepDenoised(), _noise, 1));
    }

    [Fact]
    public void BeginEvaluation_NoClassAndNoNullClass_Throws()
    {
        using TorchBackend backend = new(_network, nullLabel: -1);
        using IDenoiserSession session = backend.CreateSession(new SessionOptions { Width = Width, Height = Height });
        session.Start(_noisy, _noise);
        Assert.Throws<ArgumentException>(() => session.BeginEvaluation(_plainOutput with { ClassLabel = -1 }));
    }

    [Fact]
    public void BeginEvaluation_LabelBeyondTheTable_Throws()
    {
        using IDenoiserSession session = Create();
        session.Start(_noisy, _noise);
        Assert.Throws<ArgumentException>(() => session.BeginEvaluation(_plainOutput with { ClassLabel = 5 }));
    }

    [Theory]
    [InlineData(26, 16)]
    [InlineData(24, 0)]
    public void CreateSession_SizeOffTheStride_Throws(int width, int height) => Assert.Throws<ArgumentException>(
        () => _backend.CreateSession(new SessionOptions { Width = width, Height = height }));

    [Fact]
    public void CreateSession_GuidedWithoutANullClass_Throws()
    {
        using TorchBackend backend = new(_network, nullLabel: -1);
        Assert.Throws<ArgumentException>(
            () => backend.CreateSession(new SessionOptions { Width = Width, Height = Height, Guided = true }));
    }

    [Fact]
    public void Slices_OfTheTextureNetwork_AreItsModulesInOrder()
    {
        using IDenoiserSession session = Create();
        Assert.Equal("conv_in", session.Slices[0].Name);
        Assert.Equal("down_blocks.0.resnets.0", session.Slices[1].Name);
        Assert.Equal("down_blocks.0.downsamplers.0", session.Slices[2].Name);
        Assert.Contains(session.Slices, slice => slice.Name == "mid_block.attentions.0");
        Assert.Equal("conv_out", session.Slices[^1].Name);

        // 3x3 convolution of 16 to 12 channels on the halved canvas, plus normalisation and activation (8 a value).
        const double pixels = Width / 2 * Height / 2;
        Assert.Equal(pixels * ((2 * 9 * 16 * 12) + (8 * 16)), session.Slices[^1].Flops);
        Assert.All(session.Slices, slice => Assert.True(slice.Flops > 0 && slice.Bytes > 0, slice.Name));
    }

    private static LinearStep KeepDenoised()
    {
        LinearStep step = new() { Sample = 0.5, Noise = 0.1, Target = _noisy };
        step.Denoised[0] = 0.5;
        return step;
    }

    private static float[] Step(IDenoiserSession session, Evaluation evaluation, int number = 1)
    {
        session.BeginEvaluation(evaluation);
        SliceRange slices = session.SlicesOf(evaluation.IsGuided);
        for (int i = slices.First; i < slices.End; i++)
        {
            session.RunSlice(i);
        }

        Assert.True(session.CompleteStep(KeepDenoised(), _noise, number));
        return session.Samples.Denoised(session.Samples.CurrentSlot).ToArray();
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        float tolerance = Rounding * expected.Max(MathF.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    private IDenoiserSession Create(bool seamless = true, bool guided = false, int noiseThreads = 1) =>
        _backend.CreateSession(new SessionOptions
        {
            Width = Width,
            Height = Height,
            Seamless = seamless,
            Guided = guided,
            NoiseThreads = noiseThreads,
        });

    private float[] Forward(float[] x, long label, bool seamless = true)
    {
        using IDisposable scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        _network.Seamless = seamless;
        Tensor input = tensor(x).view(1, SampleRing.Channels, Height, Width) * 0.5f;
        return _network.call(input, tensor([321f]), tensor([label])).data<float>().ToArray();
    }
}
