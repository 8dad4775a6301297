using System.Diagnostics.CodeAnalysis;

namespace Diffusion.Cli.Generation;

/// <summary>Whether libtorch's backend is part of the program.</summary>
internal static class TorchFeature
{
    private const string Switch = "Diffusion.LibTorch";

    /// <summary>False in a native build without libtorch, whose compiler leaves out what asks here.</summary>
    [FeatureSwitchDefinition(Switch)]
    public static bool IsIncluded => !AppContext.TryGetSwitch(Switch, out bool isIncluded) || isIncluded;
}
