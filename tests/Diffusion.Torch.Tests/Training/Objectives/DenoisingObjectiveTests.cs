using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Objectives;

public sealed class DenoisingObjectiveTests
{
    [Theory]
    [InlineData("cosine")]
    [InlineData("vp")]
    public void Losses_ScoreMatchingWithSigmaSquared_IsLSimpleOfEpsilon(string name)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        using var scope = NewDisposeScope();
        Tensor clean = TestNetworks.Noise(3, 8, 3, 8, 8);
        TrainingOptions simple = new() { Prediction = PredictionType.Epsilon };
        TrainingOptions score = new() { Objective = TrainingObjective.Score, Prediction = PredictionType.Score };

        // The same guess of ε, once as it is and once as the score -ε/σ.
        using ObjectiveScene ofEpsilon = new(simple, schedule, new FormulaNetwork((x, _) => 0.3 * x));
        using ObjectiveScene ofScore = new(score, schedule, new FormulaNetwork((x, time) =>
        {
            Tensor sigma = tensor(time.flatten().data<float>().Select(t => SigmaAt(schedule, t)).ToArray());
            return -0.3 * x / sigma.view(-1, 1, 1, 1);
        }));

        Tensor expected = ofEpsilon.Losses(clean, ObjectiveScene.Midpoints(8)).Values;
        Tensor actual = ofScore.Losses(clean, ObjectiveScene.Midpoints(8)).Values;

        Assert.True(allclose(expected, actual, rtol: 1e-3, atol: 1e-5));
    }

    [Fact]
    public void Losses_EdmOfDataWithSigmaData_TargetHasUnitVarianceAtEveryLevel()
    {
        using var scope = NewDisposeScope();
        Tensor clean = 0.5 * TestNetworks.Noise(3, 8, 3, 128, 128);
        TrainingOptions options = new() { Objective = TrainingObjective.Edm, Prediction = PredictionType.Edm };
        using ObjectiveScene scene = new(options, new EdmSchedule(), new FormulaNetwork((x, _) => zeros_like(x)));

        Tensor losses = scene.Losses(clean, ObjectiveScene.Midpoints(8)).Values.mean([1, 2, 3]);

        // 49,152 squares of unit normals: five standard errors of √(2/49152).
        Assert.All(losses.data<float>().ToArray(), loss => Assert.Equal(1, loss, 0.032));
    }

    [Fact]
    public void LevelMap_Edm_LogarithmsOfSigmaAreNormal()
    {
        LevelMap levels = new(new EdmSchedule(), TrainingObjective.Edm);
        double[] logs = [.. Enumerable.Range(0, 1000).Select(i => Math.Log(levels.At((i + 0.5) / 1000).Level.Sigma))];

        double mean = logs.Average();
        Assert.Equal(-1.2, mean, 1e-6);
        Assert.Equal(1.2, Math.Sqrt(logs.Average(log => (log - mean) * (log - mean))), 0.01);

        // [Karras22, Table 1] the network sees ¼·ln σ
        Assert.Equal(-0.3, levels.At(0.5).NetworkTime, 1e-6);
    }

    [Theory]
    [InlineData(PredictionType.Epsilon)]
    [InlineData(PredictionType.Sample)]
    [InlineData(PredictionType.VPrediction)]
    [InlineData(PredictionType.Score)]
    [InlineData(PredictionType.Edm)]
    public void NoisyBatch_Target_StandsForTheCleanImage(PredictionType prediction)
    {
        using var scope = NewDisposeScope();
        using Generator generator = new(5);
        LevelMap levels = new(NoiseSchedules.Cosine(), TrainingObjective.Simple);
        Tensor clean = TestNetworks.Noise(3, 4, 3, 4, 4);
        TrainingLevel[] drawn = [levels.At(0.1), levels.At(0.3), levels.At(0.5), levels.At(0.7)];
        NoisyBatch noisy = new(
            new ObjectiveBatch(clean, zeros(4, ScalarType.Int64), ObjectiveScene.Midpoints(4), generator),
            drawn,
            prediction);

        Assert.True(allclose(clean, noisy.CleanOf(noisy.Target()), rtol: 1e-3, atol: 1e-4));
    }

    private static float SigmaAt(NoiseSchedule schedule, float networkTime) =>
        (float)schedule.At(schedule is VpSchedule ? networkTime / 999 : networkTime).Sigma;
}
