using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Tuning;
using Diffusion.Render.Devices;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Compute;

/// <summary>What was measured on a device, on disk.</summary>
[Collection(VulkanTests.Name)]
public sealed class TuningFileTests : IDisposable
{
    private static readonly ComputeTuning _odd = new([6, 2], 3, 32, Channels: 2, PointwiseChannels: 8);

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-tuning-").FullName;
    private readonly List<string> _log = [];
    private readonly VulkanDevice _device;

    public TuningFileTests(VulkanFixture vulkan)
    {
        _ = vulkan.Device;
        _device = VulkanDevice.Create(
            new VulkanDeviceOptions { EnableValidation = true, PipelineCacheFolder = _folder, Log = _log.Add });
    }

    private string File => TuningFile.PathOf(_folder, _device);

    [SkippableFact]
    public void Load_WhatWasSaved_IsTheSameAndWhatABackendTakes()
    {
        TuningFile.Save(_folder, _device, _odd);
        using TestModelFolder model = new();
        using ComputeBackend backend = new(model.Folder, _device);

        Assert.Equal(_odd.ToString(), backend.Tuning.ToString());
        Assert.Equal(_odd.WantedWorkgroups, backend.Tuning.WantedWorkgroups);
        Assert.Empty(_log);
    }

    [SkippableFact]
    public void Load_MatricesOfTheDevice_AreThereAgain()
    {
        Skip.If(_device.Matrices.Length == 0, $"{_device.Info.Name} has no cooperative matrices.");
        TuningFile.Save(_folder, _device, _odd with { Matrices = _device.Matrices[0] });

        Assert.Equal(_device.Matrices[0], TuningFile.Load(_device)!.Matrices);
        Assert.Empty(_log);
    }

    [SkippableFact]
    public void Load_NoFile_SaysNothing()
    {
        Assert.Null(TuningFile.Load(_device));
        Assert.Empty(_log);
    }

    [SkippableTheory]
    [InlineData("diffusion-tuning 1", "diffusion-tuning 2", "of another version")]
    [InlineData("device ", "device 00", "of another device")]
    [InlineData("driver ", "driver 9", "of another driver's version")]
    [InlineData("groups 6 2", "groups 6 0", "groups are 1 to 64, not 0")]
    [InlineData("groups 6 2", "groups 65", "groups are 1 to 64, not 65")]
    [InlineData("groups 6 2", "groups 6 -2", "'-2' is no number")]
    [InlineData("groups 6 2", "groups", "line 4 should say 'groups'")]
    [InlineData("workgroups 3", "workgroups 3 3", "'workgroups' should have one value")]
    [InlineData("workgroups 3", "workgroups 0", "workgroups are 1 or more, not 0")]
    [InlineData("norm-threads 32", "norm-threads 48", "a power of two, not 48")]
    [InlineData("norm-threads 32", "norm-threads 1073741824", "a normalisation is 1073741824 wide, of ")]
    [InlineData("norm-threads 32", "norm-threads 99999999999", "'99999999999' is no number")]
    [InlineData("channels 2", "channels 64", "bytes of shared memory")]
    [InlineData("pointwise-channels 8", "pointwise-channels 65", "channels are 1 to 64, not 2 and 65")]
    [InlineData("broadcasts 0", "broadcasts 0\nmore 1", "lines more than it should")]
    [InlineData("broadcasts 0", "", "line 9 should say 'broadcasts'")]
    [InlineData("broadcasts 0", "broadcasts 0\nmatrices 16 16 16", "'matrices' should have four values")]
    [InlineData("broadcasts 0", "broadcasts 0\nmatrices", "line 10 should say 'matrices'")]
    [InlineData("broadcasts 0", "broadcasts 0\nmatrices 1 2 8 4", "the device has no cooperative matrices")]
    [InlineData("broadcasts 0", "broadcasts 0\nmatrices 1 2 8 4\nmore 1", "lines more than it should")]
    public void Load_ALineIsWrong_IsIgnoredWithTheReason(string line, string other, string reason)
    {
        TuningFile.Save(_folder, _device, _odd);
        string text = System.IO.File.ReadAllText(File);
        Assert.Contains(line, text, StringComparison.Ordinal);
        System.IO.File.WriteAllText(File, text.Replace($"\n{line}", $"\n{other}", StringComparison.Ordinal)
            .Replace("diffusion-tuning 1", line.StartsWith("diff", StringComparison.Ordinal)
                ? other : "diffusion-tuning 1", StringComparison.Ordinal));

        Assert.Null(TuningFile.Load(_device));

        Assert.Contains(reason, Assert.Single(_log), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Load_NoText_IsIgnoredWithTheReason()
    {
        System.IO.File.WriteAllBytes(File, new byte[4000]);
        Assert.Null(TuningFile.Load(_device));
        System.IO.File.WriteAllBytes(File, new byte[5000]);
        Assert.Null(TuningFile.Load(_device));

        Assert.Contains("line 1 should say", _log[0], StringComparison.Ordinal);
        Assert.Contains("it has 5000 bytes", _log[1], StringComparison.Ordinal);
    }

    [SkippableFact]
    public void WhyNot_BroadcastsInOtherSubgroups_NamesTheirSize()
    {
        ComputeTuning tuning = ComputeTuning.Cpu with { BroadcastsInSubgroups = true };

        Assert.Null(tuning.WhyNot(_device.Limits, 8));
        Assert.Contains("not 32", tuning.WhyNot(_device.Limits, 32), StringComparison.Ordinal);
        Assert.Null(ComputeTuning.Gpu.WhyNot(_device.Limits, 32));
    }

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
