using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Kernels;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Tuning;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Compute;

/// <summary>Tuning by made-up times of real dispatches.</summary>
[Collection(VulkanTests.Name)]
public sealed class ComputeTunerTests : IDisposable
{
    private static readonly int[] _threads = [16, 32, 48, 128];

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-tuner-").FullName;
    private readonly List<string> _log = [];
    private readonly List<string> _lines = [];
    private readonly HashSet<KernelKey> _timed = [];
    private readonly VulkanDevice _device;

    public ComputeTunerTests(VulkanFixture vulkan)
    {
        _ = vulkan.Device;
        _device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, PipelineCacheFolder = _folder, Log = _log.Add });
        Skip.IfNot(_device.Limits.TimestampComputeAndGraphics, "The device has no timestamps.");
    }

    [SkippableFact]
    public void Run_AKernelThatIsFasterInOneVariant_TakesThatAndTimesNothingElse()
    {
        using TestModelFolder model = new();
        HashSet<KernelKey> judged = [];

        TuningReport report = ComputeTuner.Run(
            model.Folder, _device, line =>
            {
                _lines.Add(line);
                judged.UnionWith(_timed);
            },
            [best => _threads.Select(threads => best with { NormThreads = threads })],
            Clock(key => key.C0 == 32 ? 1e6 : 2e6));

        int norms = _timed.Count(key => key.Shader == "group_norm.comp");
        Assert.True(norms > 1);
        Assert.All(judged, key => Assert.Equal("group_norm.comp", key.Shader));
        Assert.Equal(5, _lines.Count);
        Assert.EndsWith("a normalisation are a power of two, not 48", _lines[0], StringComparison.Ordinal);
        Assert.Matches("^[0-9.]+ ms in [0-9]+ dispatches with .* 32 threads a norm", _lines[3]);
        Assert.True(report.After < report.Before);
        using ComputeBackend backend = new(model.Folder, _device);
        Assert.Equal(TuningFile.PathOf(_folder, _device), report.Path);
        Assert.Equal(32, backend.Tuning.NormThreads);
        AssertSilent();
    }

    [SkippableFact]
    public void Run_AChoiceThatChangesAnotherKernel_LeavesTheFirstAlone()
    {
        using TestModelFolder model = new();
        ComputeTuning usual = ComputeTuning.For(_device);

        // Tiles of 3x3 convolutions seem faster; 1x1 and normalisations are as they are.
        ComputeTuner.Run(
            model.Folder, _device, _lines.Add,
            [
                best => [best with { Channels = 2 }],
                best => [best with { PointwiseChannels = 8 }],
            ],
            Clock(key => key is { Shader: "conv.comp", C1: 3, C3: 2 } ? 1e6 : 2e6));

        ComputeTuning found = TuningFile.Load(_device)!;
        Assert.Equal((usual with { Channels = 2 }).ToString(), found.ToString());
        AssertSilent();
    }

    [SkippableTheory]
    [InlineData(1e6)]
    [InlineData(3e6)]
    public void Run_Matrices_AreInTheFileOnlyWhereTheyAreFaster(double nanoseconds)
    {
        Skip.If(_device.Matrices.Length == 0, $"{_device.Info.Name} has no cooperative matrices.");
        using TestModelFolder model = new();

        ComputeTuner.Run(
            model.Folder, _device, _lines.Add,
            [best => _device.Matrices.Select(shape => best with { Matrices = shape })],
            Clock(key => key.Shader == "conv_matrix.comp" ? nanoseconds : 2e6));

        bool wins = nanoseconds < 2e6;
        Assert.Equal(1 + _device.Matrices.Length, _lines.Count);
        Assert.All(_lines, line => Assert.DoesNotContain("left out", line, StringComparison.Ordinal));
        Assert.Equal(wins, File.ReadAllText(TuningFile.PathOf(_folder, _device)).Contains("matrices"));
        Assert.Equal(wins, TuningFile.Load(_device)!.Matrices is not null);
        AssertSilent();
    }

    [SkippableFact]
    public void Run_EqualTimes_KeepsWhatTheDeviceBeginsWith()
    {
        using TestModelFolder model = new();

        TuningReport report = ComputeTuner.Run(
            model.Folder, _device, null, [best => [best with { NormThreads = 16 }]], Clock(_ => 5));

        Assert.Equal(report.Before, report.After);
        Assert.Equal(ComputeTuning.For(_device).ToString(), TuningFile.Load(_device)!.ToString());
    }

    [SkippableFact]
    public void Run_ByTimestamps_WritesWhatItsBackendsThenTake()
    {
        using TestModelFolder model = new();

        TuningReport report = ComputeTuner.Run(
            model.Folder, _device, _lines.Add, [best => [best with { NormThreads = 32 }]],
            static (run, part) => run.Time(part));

        Assert.True(report.Before > TimeSpan.Zero && report.After > TimeSpan.Zero);
        Assert.Equal(2, _lines.Count);
        using ComputeBackend backend = new(model.Folder, _device);
        Assert.Contains(_lines, line => line.EndsWith(backend.Tuning.ToString(), StringComparison.Ordinal));
        AssertSilent();
    }

    [SkippableFact]
    public void Run_NoFolder_SaysWhatIsNeeded()
    {
        using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions());
        using TestModelFolder model = new();

        ArgumentException error = Assert.Throws<ArgumentException>(() => ComputeTuner.Run(model.Folder, device));

        Assert.Contains("PipelineCacheFolder", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Func<NetworkRun, int, double> Clock(Func<KernelKey, double> nanoseconds) => (run, part) =>
    {
        KernelKey key = run.Plan.Dispatches[part].Kernel;
        _timed.Add(key);
        return nanoseconds(key);
    };

    private void AssertSilent()
    {
        Assert.Empty(_log);
        _device.WaitIdle();
        VulkanFixture.AssertSilent(_device);
    }
}
