using Diffusion.Cli.Checking;
using Diffusion.Cli.Generation;
using Diffusion.Runtime.Models;
using Diffusion.Torch;
using Diffusion.Torch.UNet;

namespace Diffusion.Cli.Tests.Checking;

public sealed class CheckerTests
{
    private static readonly BackendCandidate _torch = new("torch", folder => new TorchBackend(folder, TorchDevice.Cpu));

    [Fact]
    public void CheckBackends_OtherWeights_FailAsTheyDiffer()
    {
        ModelFolder folder = ModelFolder.Open(ModelLocator.Find(null));

        // A stranger: the same network with weights of chance.
        using var network = new UNet2DModel(folder.Config);
        network.eval();
        var stranger = new BackendCandidate("stranger", _ => new TorchBackend(network, folder.NullLabel));

        IReadOnlyList<CheckedBackend> found = Checker.CheckBackends([_torch, _torch, stranger], folder);

        Assert.Equal(
            [CheckState.Works, CheckState.Works, CheckState.Failed], found.Select(backend => backend.State));
        Assert.Equal(0, found[1].RmsDifference);
        Assert.Contains("differs from torch", found[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckBackends_NotThere_SaysWhy()
    {
        var absent = new BackendCandidate("absent", _ => throw new NotSupportedException("no such card"));

        CheckedBackend found = Assert.Single(
            Checker.CheckBackends([absent], ModelFolder.Open(ModelLocator.Find(null))));

        Assert.Equal((CheckState.Unavailable, "no such card"), (found.State, found.Reason));
    }

    [Theory]
    [InlineData(CheckState.Works, CheckState.Works, true)]
    [InlineData(CheckState.Works, CheckState.Unavailable, true)]
    [InlineData(CheckState.Works, CheckState.Failed, false)]
    [InlineData(CheckState.Unavailable, CheckState.Unavailable, false)]
    public void Passed_States_OnlyWhatIsThereMustWork(object first, object second, bool passed)
    {
        var report = new CheckReport
        {
            Backends = [new("a", (CheckState)first, ""), new("b", (CheckState)second, "")],
            Sharing = [new("c", CheckState.Works, "")],
        };
        var swapped = new CheckReport
        {
            Backends = [new("c", CheckState.Works, "")],
            Sharing = [new("a", (CheckState)first, ""), new("b", (CheckState)second, "")],
        };

        Assert.Equal((passed, passed), (report.Passed, swapped.Passed));
        Assert.False((report with { DeviceError = "No Vulkan device" }).Passed);
        Assert.False((report with { ValidationMessages = ["a message"] }).Passed);
        Assert.Equal(passed, (report with { ValidationMessages = [] }).Passed);
    }
}
