using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training.Objectives;

namespace Diffusion.Torch.Tests.Training.Objectives;

public sealed class LossWeightsTests
{
    private const int Digits = 9;

    public static TheoryData<string, double> Levels() => new()
    {
        { "cosine", 0.1 }, { "cosine", 0.9 }, { "linear", 0.5 }, { "vp", 0.3 }, { "sub-vp", 0.4 }, { "ve", 0.6 },
    };

    [Theory]
    [MemberData(nameof(Levels))]
    public void OfOutput_EveryPrediction_WeighsTheSameErrorTheSame(string schedule, double unit)
    {
        TrainingLevel level = LevelOf(schedule, unit);
        const double X = 0.4;
        const double Clean = 0.7;
        const double Wrong = 0.2;
        foreach (LossWeighting weighting in Enum.GetValues<LossWeighting>().Where(w => w != LossWeighting.Uniform))
        {
            double expected = LossWeights.OfClean(weighting, level) * (Clean - Wrong) * (Clean - Wrong);
            foreach (PredictionType prediction in Enum.GetValues<PredictionType>())
            {
                double error = Parameterization.FromClean(prediction, level.Level, X, Clean)
                    - Parameterization.FromClean(prediction, level.Level, X, Wrong);
                double weight = LossWeights.OfOutput(TrainingObjective.Simple, weighting, prediction, level);
                Assert.Equal(1, weight * error * error / expected, Digits);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void OfOutput_MinSnrAndP2_AreThePapersFormulas(string schedule, double unit)
    {
        TrainingLevel level = LevelOf(schedule, unit);
        double snr = level.Level.Alpha * level.Level.Alpha / (level.Level.Sigma * level.Level.Sigma);
        double Weight(LossWeighting weighting, PredictionType prediction) =>
            LossWeights.OfOutput(TrainingObjective.Simple, weighting, prediction, level);

        Assert.Equal(1, Weight(LossWeighting.P2, PredictionType.Epsilon) * (1 + snr), Digits);
        Assert.Equal(1, Weight(LossWeighting.MinSnr, PredictionType.Sample) / Math.Min(snr, 5), Digits);
        Assert.Equal(1, Weight(LossWeighting.MinSnr, PredictionType.Epsilon) * snr / Math.Min(snr, 5), Digits);
        Assert.All(Enum.GetValues<PredictionType>(), p => Assert.Equal(1, Weight(LossWeighting.Uniform, p)));
        if (schedule is "cosine" or "linear" or "vp")
        {
            // v is of use where α² + σ² = 1.
            double ofV = Weight(LossWeighting.MinSnr, PredictionType.VPrediction);
            Assert.Equal(1, ofV * (snr + 1) / Math.Min(snr, 5), Digits);
        }
    }

    [Theory]
    [InlineData("vp")]
    [InlineData("sub-vp")]
    [InlineData("ve")]
    [InlineData("vdm")]
    public void OfClean_Bound_IsHalfTheFallOfTheSnr(string name)
    {
        NoiseSchedule schedule = NoiseSchedules.Parse(name);
        LevelMap levels = new(schedule, TrainingObjective.Simple);
        const double Unit = 0.45;
        const double Step = 1e-5;

        // [Kingma21, Sec. 5] -½·dSNR/du by central difference
        double SnrAt(double unit) => Math.Exp(levels.At(unit).Level.LogSnr);
        double expected = -0.5 * (SnrAt(Unit + Step) - SnrAt(Unit - Step)) / (2 * Step);
        Assert.Equal(1, LossWeights.OfClean(LossWeighting.Bound, levels.At(Unit)) / expected, 1e-6);
    }

    [Theory]
    [InlineData("cosine")]
    [InlineData("vp")]
    [InlineData("ve")]
    public void OfOutput_ScoreMatching_LambdaIsSigmaSquaredOrDiffusion(string name)
    {
        TrainingLevel level = LevelOf(name, 0.35);
        NoiseLevel noise = level.Level;
        double Weight(LossWeighting weighting, PredictionType prediction) =>
            LossWeights.OfOutput(TrainingObjective.Score, weighting, prediction, level);

        Assert.Equal(1, Weight(LossWeighting.Uniform, PredictionType.Score) / (noise.Sigma * noise.Sigma), Digits);
        Assert.Equal(1, Weight(LossWeighting.Uniform, PredictionType.Epsilon), Digits);
        double diffusion = noise.DiffusionSquared * level.TimeRange;
        Assert.Equal(1, Weight(LossWeighting.Bound, PredictionType.Score) / diffusion, Digits);
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public void OfOutput_Edm_IsOneForFAndThePapersWeightForTheImage(double unit)
    {
        TrainingLevel level = new LevelMap(new EdmSchedule(), TrainingObjective.Edm).At(unit);
        double sigma = level.Level.Sigma;

        double Weight(PredictionType prediction) =>
            LossWeights.OfOutput(TrainingObjective.Edm, LossWeighting.Uniform, prediction, level);
        double ofF = Weight(PredictionType.Edm);
        double ofImage = Weight(PredictionType.Sample);

        Assert.Equal(1, ofF, Digits);
        Assert.Equal(1, ofImage / (((sigma * sigma) + 0.25) / (sigma * sigma * 0.25)), Digits);
    }

    private static TrainingLevel LevelOf(string schedule, double unit) =>
        new LevelMap(NoiseSchedules.Parse(schedule), TrainingObjective.Simple).At(unit);
}
