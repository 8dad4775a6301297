using Diffusion.Cli.Tests.Sampling;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>The command line with <c>--backend compute</c>.</summary>
public sealed class ComputeSampleTests(ComputeFixture compute) : IClassFixture<ComputeFixture>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-compute-sample-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task Sample_Compute_DrawsTheSamePictureAsTorch()
    {
        _ = compute.Device;
        await PictureParity.AssertEqualsTorch(_folder, "compute");
    }
}
