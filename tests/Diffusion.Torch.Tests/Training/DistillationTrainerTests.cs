using Diffusion.Runtime.Models.Safetensors;
using Diffusion.Runtime.Schedules;
using Diffusion.Torch.Training;
using Diffusion.Torch.Training.Objectives;
using Diffusion.Torch.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Torch.Tests.Training;

public sealed class DistillationTrainerTests : IDisposable
{
    private const int Canvas = 32;
    private const int ClassCount = 2;

    private static readonly TrainingOptions _options = new()
    {
        Iterations = 200,
        BatchSize = 4,
        LearningRate = 2e-3,
        WarmupIterations = 5,
        LabelDropout = 0,
        Objective = TrainingObjective.Distillation,
        Distillation = new DistillationOptions { StepCounts = [1, 2], TeacherSteps = 8 },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-distillation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Initialise_EveryNumberOfSteps_AnswersAsTheTeacher()
    {
        using UNet2DModel teacher = TestNetworks.Create(TestNetworks.Trained, 1);
        using UNet2DModel student = TestNetworks.Create(Student.ConfigOf(TestNetworks.Trained, ClassCount, 3), 2);
        Student.Initialise(student, teacher, ClassCount);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor x = TestNetworks.Noise(5, 6, 3, Canvas, Canvas);
        Tensor times = full([6], 300f);

        Tensor expected = teacher.call(x, times, tensor([0L, 1, 0, 1, 0, 1]));
        Tensor actual = student.call(x, times, tensor([0L, 1, 2, 3, 4, 5]));

        Assert.True(allclose(expected, actual, atol: 1e-6));
    }

    [Fact]
    public void Load_HalfwayCheckpoint_GoesOnBitForBitAndLeaksNoTensor()
    {
        string halfway = Path.Combine(_folder, "halfway.safetensors");
        string straight = Path.Combine(_folder, "straight.safetensors");
        string resumed = Path.Combine(_folder, "resumed.safetensors");
        using UNet2DModel teacher = Teacher();
        using (UNet2DModel network = NewStudent(teacher))
        using (Trainer trainer = NewTrainer(network, teacher))
        {
            Steps(trainer, 3);
            trainer.Save(halfway);
            long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            Steps(trainer, 3);
            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            trainer.Save(straight);
        }

        using (UNet2DModel network = TestNetworks.Create(Student.ConfigOf(TestNetworks.Trained, ClassCount, 2), 9))
        using (Trainer trainer = NewTrainer(network, teacher))
        {
            trainer.Load(halfway);
            Steps(trainer, 3);
            trainer.Save(resumed);
        }

        Assert.Equal(Tensors(straight), Tensors(resumed));
        Assert.NotEqual(Tensors(halfway), Tensors(resumed));
    }

    [Fact]
    public void Step_Student_LearnsAndTheTeacherStays()
    {
        using UNet2DModel teacher = Teacher();
        using UNet2DModel network = TestNetworks.Create(Student.ConfigOf(TestNetworks.Trained, ClassCount, 2), 2);

        // As many steps as the teacher's, no guidance, and not begun as the teacher: its answers are all there is to
        // learn.
        TrainingOptions options = _options with
        {
            Distillation = new DistillationOptions { StepCounts = [4, 8], TeacherSteps = 8, GuidanceScale = 1 },
        };
        using Trainer trainer = new(network, Data(), NoiseSchedules.Cosine(), options, CPU, teacher);
        float[] before = Weights(teacher);

        double first = Enumerable.Range(0, 5).Average(_ => trainer.Step().Loss);
        Steps(trainer, 60);
        double last = Enumerable.Range(0, 5).Average(_ => trainer.Step().Loss);

        Assert.Equal(before, Weights(teacher));
        Assert.All(teacher.parameters(), parameter => Assert.Null(parameter.grad));
        Assert.InRange(last, 0, 0.9 * first);
    }

    [Fact]
    public void Trainer_ObjectiveWithoutItsTeacher_IsRefused()
    {
        using UNet2DModel teacher = Teacher();
        using UNet2DModel network = NewStudent(teacher);

        Assert.Throws<ArgumentException>(() => new Trainer(network, Data(), NoiseSchedules.Cosine(), _options, CPU));
        Assert.Throws<ArgumentException>(
            () => new Trainer(network, Data(), NoiseSchedules.Cosine(), new TrainingOptions(), CPU, teacher));
    }

    private static UNet2DModel Teacher()
    {
        UNet2DModel teacher = TestNetworks.Create(TestNetworks.Trained, 1);
        foreach (TorchSharp.Modules.Parameter parameter in teacher.parameters())
        {
            parameter.requires_grad = false;
        }

        teacher.eval();
        return teacher;
    }

    private static UNet2DModel NewStudent(UNet2DModel teacher)
    {
        UNet2DModel student = TestNetworks.Create(Student.ConfigOf(TestNetworks.Trained, ClassCount, 2), 2);
        Student.Initialise(student, teacher, ClassCount);
        return student;
    }

    private static Trainer NewTrainer(UNet2DModel network, UNet2DModel teacher) =>
        new(network, Data(), NoiseSchedules.Cosine(), _options, CPU, teacher);

    private static TextureDataset Data() => TestTextures.Dataset(Canvas);

    private static void Steps(Trainer trainer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            trainer.Step();
        }
    }

    private static float[] Weights(UNet2DModel network) =>
        [.. network.parameters().SelectMany(parameter =>
        {
            using Tensor numbers = parameter.detach().contiguous();
            return numbers.data<float>().ToArray();
        })];

    private static string[] Tensors(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return [.. file.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry =>
        {
            float[] numbers = new float[entry.Value.Shape.ToArray().Aggregate(1L, (product, edge) => product * edge)];
            file.CopyTo(entry.Key, numbers);
            return $"{entry.Key}: {string.Join(" ", numbers.Select(BitConverter.SingleToUInt32Bits))}";
        })];
    }
}
