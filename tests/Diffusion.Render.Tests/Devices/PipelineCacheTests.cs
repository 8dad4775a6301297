using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Render.Tests.Devices;

[Collection(VulkanTests.Name)]
public sealed class PipelineCacheTests(VulkanFixture vulkan) : IDisposable
{
    // 8 bytes of signature, 32 of SHA-256, then the driver's bytes, whose header has the vendor's number at 8.
    private const int DataOffset = 40;

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"diffusion-pipelines-{Guid.NewGuid():N}");
    private readonly List<string> _log = [];

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [SkippableFact]
    public void Create_SecondRun_LoadsWhatTheFirstSaved()
    {
        _ = vulkan.Device;
        Assert.Equal(0, Run());

        long size = new FileInfo(CacheFile()).Length;

        Assert.Equal(size - DataOffset, Run());
        Assert.InRange(size, DataOffset + 32, PipelineCacheFile.MaxSizeInBytes);
        Assert.Empty(_log);
    }

    [SkippableTheory]
    [InlineData("garbage", "no pipeline cache")]
    [InlineData("empty", "no pipeline cache")]
    [InlineData("cut", "checksum")]
    [InlineData("flipped", "checksum")]
    [InlineData("stranger", "another device")]
    public void Create_FileIsNotAsSaved_IsIgnoredWithALineAndReplaced(string damage, string reason)
    {
        _ = vulkan.Device;
        Run();
        string file = CacheFile();
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, Damage(whole, damage));

        Assert.Equal(0, Run());

        string line = Assert.Single(_log);
        Assert.Contains(file, line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
        Assert.Equal(whole.Length - DataOffset, Run());
        Assert.Single(_log);
    }

    [SkippableFact]
    public void Dispose_FolderCannotBeMade_SaysSoAndGoesOn()
    {
        _ = vulkan.Device;
        File.WriteAllText(_folder, "a file where a folder should be");
        try
        {
            Assert.Equal(0, Run());
            Assert.Contains("is not written", Assert.Single(_log), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    private static byte[] Damage(byte[] whole, string damage)
    {
        byte[] copy = [.. whole];
        switch (damage)
        {
            case "garbage":
                new Random(3).NextBytes(copy);
                return copy;
            case "empty":
                return [];
            case "cut":
                return copy[..^1];
            case "flipped":
                copy[^1] ^= 1;
                return copy;
            default:
                // Whole by its checksum, yet of another vendor.
                copy[DataOffset + 8] ^= 1;
                System.Security.Cryptography.SHA256.HashData(copy.AsSpan(DataOffset), copy.AsSpan(8, 32));
                return copy;
        }
    }

    private string CacheFile() => Assert.Single(Directory.GetFiles(_folder));

    /// <summary>A device with a pipeline; returns the bytes that its cache took from the disk.</summary>
    private long Run()
    {
        using VulkanDevice device = VulkanDevice.Create(new VulkanDeviceOptions
        {
            EnableValidation = true,
            PipelineCacheFolder = _folder,
            Log = _log.Add,
        });
        using (new SharedTexturePass(device))
        {
            VulkanFixture.AssertSilent(device);
        }

        return device.Pipelines.LoadedBytes;
    }
}
