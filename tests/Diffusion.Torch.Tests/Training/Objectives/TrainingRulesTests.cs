using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.Training.Times;

namespace Diffusion.Torch.Tests.Training.Objectives;

public sealed class TrainingRulesTests
{
    [Fact]
    public void FindProblem_EveryCombination_IsRefusedInWordsOrCanBeBuilt()
    {
        int allowed = 0;
        foreach (string name in NoiseSchedules.Names)
        {
            NoiseSchedule schedule = NoiseSchedules.Parse(name);
            foreach (TrainingOptions options in Combinations())
            {
                if (TrainingRules.FindProblem(options, schedule) is { } problem)
                {
                    Assert.EndsWith(".", problem, StringComparison.Ordinal);
                    continue;
                }

                LevelMap levels = new(schedule, options.Objective);
                TrainingLevel level = levels.At(0.5);
                Assert.InRange(
                    LossWeights.OfOutput(options.Objective, options.Weighting, options.Prediction, level),
                    double.Epsilon,
                    double.MaxValue);
                allowed++;
            }
        }

        Assert.InRange(allowed, 100, int.MaxValue);
    }

    private static IEnumerable<TrainingOptions> Combinations() =>
        from objective in Enum.GetValues<TrainingObjective>()
        from prediction in Enum.GetValues<PredictionType>()
        from variance in Enum.GetValues<ReverseVariance>()
        from weighting in Enum.GetValues<LossWeighting>()
        from sampling in Enum.GetValues<TimeSampling>()
        select new TrainingOptions
        {
            Objective = objective,
            Prediction = prediction,
            Variance = variance,
            Weighting = weighting,
            TimeSampling = sampling,
        };
}
