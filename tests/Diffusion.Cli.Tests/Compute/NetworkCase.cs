using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>A network and a shape to run it at.</summary>
internal sealed record NetworkCase(UNetConfig Config, int Batch, int Height, int Width, bool Seamless, int Seed)
{
    /// <summary>All that is needed to see the case again.</summary>
    public override string ToString() =>
        $"{Batch}x{Height}x{Width} seamless {Seamless} seed {Seed}, "
        + $"channels {string.Join('-', Config.BlockOutChannels)}, groups {Config.NormNumGroups}, head {Config.AttentionHeadDim}, {string.Join(' ', Config.DownBlockTypes)}, "
        + $"{string.Join(' ', Config.UpBlockTypes)}, {Config}";
}
