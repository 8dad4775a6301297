using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training.Objectives;

/// <summary>
/// Data N(m, s²), whose probability flow is known: x_s = α_s·m + (d_s/d_t)·(x_t - α_t·m) with d² = α²·s² + σ².
/// </summary>
public sealed class DistillationObjectiveTests
{
    private const double Mean = 0.1;
    private const double Deviation = 0.15;

    // Sums of float32 numbers near 1, squared.
    private const double SquaredRounding = 1e-9;

    private static readonly int[] _teacherSteps = [16, 32, 64];

    private static readonly NoiseSchedule _schedule = NoiseSchedules.Cosine();

    [Theory]
    [InlineData(PredictionType.VPrediction)]
    [InlineData(PredictionType.Epsilon)]
    [InlineData(PredictionType.Sample)]
    public void Losses_TrueFlowAtHalvedSteps_IsZero(PredictionType prediction)
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(16) with { Prediction = prediction };
        using ObjectiveScene scene = new(options, _schedule, TrueStudent(options), TrueTeacher(prediction));

        // Beyond one half of the unit interval no teacher is asked: two exact short steps are one exact long one.
        Tensor losses = scene.Losses(Clean(3), ObjectiveScene.At(0.6, 0.8, 0.99)).Values;

        Assert.InRange(losses.mean().item<float>(), 0, SquaredRounding);
    }

    [Fact]
    public void Losses_TrueFlowAtTheTeachersSteps_IsTheSquareOfASecondOrderError()
    {
        using var scope = NewDisposeScope();
        double[] errors = [.. _teacherSteps.Select(teacherSteps =>
        {
            TrainingOptions options = Options(teacherSteps, 2);
            using ObjectiveScene scene = new(
                options, _schedule, TrueStudent(options), TrueTeacher(PredictionType.VPrediction));
            return Math.Sqrt(scene.Losses(Clean(1), ObjectiveScene.At(0.5)).Values.mean().item<float>());
        })];

        // One DDIM step is off by O(h²), and the rest of the way is exact: halving h divides by 4, in the limit.
        Assert.InRange(errors[0] / errors[1], 3.2, 4.8);
        Assert.InRange(errors[1] / errors[2], 3.2, 4.8);
        Assert.InRange(errors[2], 1e-6, 1);
    }

    [Fact]
    public void Losses_AnotherFlow_IsNotZero()
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(16);
        using ObjectiveScene scene = new(
            options,
            _schedule,
            new LabelledFormula((x, time, label) => 0.9 * TrueStudent(options).call(x, time, label)),
            TrueTeacher(PredictionType.VPrediction));

        Assert.InRange(scene.Losses(Clean(1), ObjectiveScene.At(0.8)).Values.mean().item<float>(), 1e-4, 1);
    }

    [Fact]
    public void Target_LastOfTheTeachersSteps_IsTheGuidedEstimateWhateverTheStudentSays()
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(4, 4) with
        {
            Distillation = Distillation(4, 4) with { GuidanceScale = 3 },
            Prediction = PredictionType.Sample,
        };

        // The class says 0.2 and no class 0.1; with as many steps as the teacher's, each goes all the way.
        LabelledFormula teacher = new((x, _, label) => zeros_like(x) + (0.2 - (0.1 * label.view(-1, 1, 1, 1))));
        FormulaNetwork student = new((x, _) => zeros_like(x) + 1e6);
        using ObjectiveScene scene = new(options, _schedule, student, teacher);

        Tensor target = TargetOf(scene, options, 0.1, 0.9);

        // [HoSalimans22, Eq. 6] 0.1 + 3·(0.2 - 0.1)
        Assert.True(allclose(target, full_like(target, 0.4), atol: 1e-6));
    }

    [Fact]
    public void Target_OutsideTheGuidanceInterval_IsTheUnguidedTeacher()
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(4, 4) with
        {
            Distillation = Distillation(4, 4) with { GuidanceScale = 3, GuidanceInterval = new(0, 1) },
            Prediction = PredictionType.Sample,
        };
        LabelledFormula teacher = new((x, _, label) => zeros_like(x) + (0.2 - (0.1 * label.view(-1, 1, 1, 1))));
        using ObjectiveScene scene = new(options, _schedule, new FormulaNetwork((x, _) => zeros_like(x)), teacher);

        // Of the cosine schedule's four levels the last has little noise, the first hardly anything else.
        Tensor target = TargetOf(scene, options, 0.9, 0.1);

        Assert.True(allclose(target[0], full_like(target[0], 0.4), atol: 1e-6));
        Assert.True(allclose(target[1], full_like(target[1], 0.2), atol: 1e-6));
    }

    [Fact]
    public void Target_EstimatesOutsideTheRange_AreClamped()
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(16) with { Prediction = PredictionType.Sample };
        using ObjectiveScene scene = new(
            options,
            _schedule,
            new FormulaNetwork((x, _) => zeros_like(x) + 5),
            new FormulaNetwork((x, _) => zeros_like(x) + 5));

        Tensor target = TargetOf(scene, options, 0.1, 0.3, 0.6, 0.9);

        Assert.True(allclose(target, ones_like(target), atol: 1e-6));
    }

    [Fact]
    public void Losses_LabelsThatNetworksAreAsked_AreTheRowsOfTheirSteps()
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(16) with
        {
            Distillation = Distillation(16, 1, 2, 4) with { GuidanceScale = 2 },
        };
        List<long[]> student = [];
        List<long[]> teacher = [];
        using ObjectiveScene scene = new(
            options,
            _schedule,
            new LabelledFormula((x, _, label) => Noted(student, label, x)),
            new LabelledFormula((x, _, label) => Noted(teacher, label, x)),
            classCount: 12);

        // The scene's pictures are of class 0: one of four steps, one of two, one of a single step.
        scene.Losses(Clean(3), ObjectiveScene.At(0.2, 0.8, 0.6));

        Assert.Equal([[0], [12]], teacher);
        Assert.Equal([[24, 12], [24, 24, 12], [24, 12, 0]], student);
    }

    [Fact]
    public void Losses_Gradient_ReachesTheStudentAndNotItsTargets()
    {
        using var scope = NewDisposeScope();
        TrainingOptions options = Options(16);
        using ScaleNetwork student = new(0.7f);
        using ScaleNetwork teacher = new(0.4f);
        using ObjectiveScene scene = new(options, _schedule, student, teacher);
        double[] units = [0.2, 0.4, 0.6, 0.9];

        scene.Losses(Clean(4), ObjectiveScene.At(units)).Values.mean().backward();

        // Were the target to follow the student, the gradient would be another than that of (θ·x - constant)².
        Tensor expected;
        using (no_grad())
        {
            (Tensor x, Tensor target) = XAndTarget(scene, options, units);
            DistillationGrid grid = new(_schedule, options.Distillation!);
            Tensor alpha = PerPicture(units, unit => grid.At(unit).From.Alpha);
            Tensor sigma = PerPicture(units, unit => grid.At(unit).From.Sigma);
            Tensor weight = tensor(new[] { 1, 1, 1 / 16f, 1 / 4f }).view(-1, 1, 1, 1);
            expected = (2 * weight * ((0.7 * x) - ((alpha * x) - target) / sigma) * x).mean();
        }

        Assert.Equal(expected.item<float>(), student.Factor.grad!.item<float>(), 1e-4f);
        Assert.Null(teacher.Factor.grad);
    }

    [Theory]
    [InlineData("cosine")]
    [InlineData("linear")]
    [InlineData("vp")]
    public void Shares_EveryStep_AreAnAverage(string name)
    {
        DistillationGrid grid = new(NoiseSchedules.Parse(name), Distillation(16, 1, 2, 4));
        for (int i = 0; i < 200; i++)
        {
            DistillationStep step = grid.At((i + 0.5) / 200);
            (double first, double second) = step.Shares;

            Assert.Equal(1, first + second, 1e-9);
            Assert.InRange(first, 0, 1 + 1e-9);
            Assert.InRange(second, -1e-9, 1);
            Assert.Equal(step.IsLast, step.Middle == step.To);
            Assert.True(step.From.Sigma > step.Middle.Sigma && step.Middle.Sigma >= step.To.Sigma);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    public void Grid_StepsOfANumber_BeginAndEndWhereTrailingSamplingDoes(int row, int count)
    {
        DistillationGrid grid = new(_schedule, Distillation(16, 1, 2, 4));
        NoiseLevel[] chain = StepGrid.Create(_schedule, StepSpacing.Trailing, count);

        DistillationStep[] steps = [.. Enumerable.Range(0, 400)
            .Select(i => grid.At((i + 0.5) / 400)).Where(step => step.Row == row)];

        Assert.All(chain.Zip(chain.Skip(1)), pair =>
            Assert.Contains(steps, step => step.From == pair.First && step.To == pair.Second));
        Assert.All(steps, step => Assert.Contains(step.To, chain));
        Assert.Equal(row == 2 ? 0.5 : 0.25, steps.Length / 400.0, 0.01);
    }

    [Theory]
    [InlineData(16, "1,3", "each twice the one before")]
    [InlineData(16, "0", "each twice the one before")]
    [InlineData(16, "4,2", "each twice the one before")]
    [InlineData(18, "1,2,4", "a multiple of 4")]
    [InlineData(2, "4", "a multiple of 4")]
    public void FindProblem_StepsThatDoNotFit_AreNamed(int teacherSteps, string counts, string rule)
    {
        DistillationOptions distillation = Distillation(teacherSteps, [.. counts.Split(',').Select(int.Parse)]);

        string? problem = TrainingRules.FindProblem(Options(16) with { Distillation = distillation }, _schedule);

        Assert.Contains(rule, problem!, StringComparison.Ordinal);
    }

    [Fact]
    public void FindProblem_WhatDoesNotGoWithATeacher_IsNamed()
    {
        TrainingOptions good = Options(16);
        Assert.Null(TrainingRules.FindProblem(good, _schedule));
        foreach ((string named, TrainingOptions bad) in (ReadOnlySpan<(string, TrainingOptions)>)
        [
            ("LabelDropout", good with { LabelDropout = 0.1 }),
            ("Distillation", good with { Distillation = null }),
            ("Distillation", good with { Objective = TrainingObjective.Simple }),
        ])
        {
            Assert.Contains(named, TrainingRules.FindProblem(bad, _schedule)!, StringComparison.Ordinal);
        }
    }

    private static DistillationOptions Distillation(int teacherSteps, params int[] counts) =>
        new() { TeacherSteps = teacherSteps, StepCounts = counts, GuidanceScale = 1 };

    private static TrainingOptions Options(int teacherSteps, params int[] counts) => new()
    {
        Objective = TrainingObjective.Distillation,
        LabelDropout = 0,
        Distillation = Distillation(teacherSteps, counts.Length > 0 ? counts : [1, 2, 4]),
    };

    private static Tensor Clean(int count) => Mean + (Deviation * TestNetworks.Noise(3, count, 3, 8, 8));

    private static Tensor PerPicture(double[] units, Func<double, double> value) =>
        tensor(units.Select(unit => (float)value(unit)).ToArray()).view(-1, 1, 1, 1);

    private static Tensor TargetOf(ObjectiveScene scene, TrainingOptions options, params double[] units) =>
        XAndTarget(scene, options, units).Target;

    // The same noise as the scene's losses have.
    private static (Tensor X, Tensor Target) XAndTarget(ObjectiveScene scene, TrainingOptions options, double[] units)
    {
        DistillationGrid grid = new(_schedule, options.Distillation!);
        using Generator generator = new(1);
        ObjectiveBatch batch = new(
            Clean(units.Length), zeros(units.Length, ScalarType.Int64), ObjectiveScene.At(units), generator);
        DistillationStep[] steps = Array.ConvertAll(units, grid.At);
        Tensor x = (batch.PerPicture(steps, step => step.From.Alpha) * batch.Clean)
            + (batch.PerPicture(steps, step => step.From.Sigma) * batch.DrawNoise());
        return (x, ((DistillationObjective)scene.Objective).Target(batch, steps, x));
    }

    private static double SpreadAt(NoiseLevel level) =>
        Math.Sqrt((level.Alpha * level.Alpha * Deviation * Deviation) + (level.Sigma * level.Sigma));

    // D(x) = m + α·s²/d²·(x - α·m), in whatever the network predicts.
    private static LabelledFormula TrueTeacher(PredictionType prediction) => ByLevel((at, x, _) =>
    {
        double gain = at.Alpha * Deviation * Deviation / (SpreadAt(at) * SpreadAt(at));
        return OutputOf(prediction, at, x, Mean + (gain * (x - (at.Alpha * Mean))));
    });

    // The clean estimate by which DDIM goes where the flow goes: D = (x_s - σ_s/σ_t·x_t)/κ.
    private static LabelledFormula TrueStudent(TrainingOptions options) => ByLevel((at, x, row) =>
    {
        int steps = options.Distillation!.StepCounts[row];
        NoiseLevel[] chain = StepGrid.Create(_schedule, StepSpacing.Trailing, steps);
        NoiseLevel to = chain.First(level => level.IsClean || level.Time < at.Time);
        Tensor end = (to.Alpha * Mean) + (SpreadAt(to) / SpreadAt(at) * (x - (at.Alpha * Mean)));
        Tensor clean = (end - (to.Sigma / at.Sigma * x)) / (to.Alpha - (at.Alpha * to.Sigma / at.Sigma));
        return OutputOf(options.Prediction, at, x, clean);
    });

    // One picture at a time: its level, itself, its row of the class table.
    private static LabelledFormula ByLevel(Func<NoiseLevel, Tensor, int, Tensor> output) => new((x, time, label) =>
        stack([.. Enumerable.Range(0, (int)x.shape[0]).Select(i =>
            output(_schedule.At(time[i].item<float>()), x[i], (int)label[i].item<long>()))]));

    private static Tensor OutputOf(PredictionType prediction, NoiseLevel at, Tensor x, Tensor clean) =>
        prediction switch
        {
            PredictionType.VPrediction => ((at.Alpha * x) - clean) / at.Sigma,
            PredictionType.Epsilon => (x - (at.Alpha * clean)) / at.Sigma,
            _ => clean,
        };

    private static Tensor Noted(List<long[]> list, Tensor label, Tensor x)
    {
        list.Add(label.data<long>().ToArray());
        return 0.1 * x;
    }

    private sealed class LabelledFormula(Func<Tensor, Tensor, Tensor, Tensor> formula)
        : nn.Module<Tensor, Tensor, Tensor?, Tensor>(nameof(LabelledFormula))
    {
        public override Tensor forward(Tensor x, Tensor time, Tensor? label) => formula(x, time, label!);
    }

    private sealed class ScaleNetwork : nn.Module<Tensor, Tensor, Tensor?, Tensor>
    {
        public ScaleNetwork(float factor)
            : base(nameof(ScaleNetwork)) => Factor = new Parameter(tensor(factor));

        public Parameter Factor { get; }

        public override Tensor forward(Tensor x, Tensor time, Tensor? label) => Factor * x;
    }
}
