using Diffusion.Cli.Generation;
using Diffusion.Cli.Output;
using Diffusion.Runtime;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Cli.Sampling;

/// <summary>What steers textures beside class, seed and image.</summary>
internal sealed record ControlSettings
{
    /// <summary>The class to mix in, or null.</summary>
    public string? SecondClass { get; init; }

    /// <summary>Its weight, or null where there is none or a mask.</summary>
    public WeightRange? SecondWeight { get; init; }

    /// <summary>A grey picture of its weights, or null.</summary>
    public string? SecondMaskFile { get; init; }

    /// <summary>The seed that <see cref="Variation"/> leads to, or null.</summary>
    public ulong? VariationSeed { get; init; }

    /// <summary>How far, or null.</summary>
    public WeightRange? Variation { get; init; }

    /// <summary>The mean colour, [-1, 1], or a palette's; null for the texture's own.</summary>
    public ColourTarget? Colours { get; init; }

    /// <summary>Whether textures of a sheet differ by weights, so that their seed stays.</summary>
    public bool HasRange => SecondWeight is { IsRange: true } || Variation is { IsRange: true };

    /// <summary>A request with all of it; weights are those of the first texture.</summary>
    /// <exception cref="UserErrorException">The class is unknown, or a file cannot be read.</exception>
    public TextureRequest Apply(TextureRequest request, LoadedModel model)
    {
        request = request with
        {
            SecondClassLabel =
                SecondClass is { } name ? LoadedModel.ClassLabel(model.Folder, name, "--second-class") : null,
            SecondClassMask =
                SecondMaskFile is { } file ? TextureImage.ReadWeights(file, request.Width, request.Height) : default,
            VariationSeed = VariationSeed ?? 0,
            Colours = Colours,
        };
        return At(request, 0, 1);
    }

    /// <summary>The request of a sheet's texture.</summary>
    /// <param name="request">Made by <see cref="Apply"/>, with the first seed.</param>
    /// <param name="index">The texture's place, from 0.</param>
    /// <param name="count">Textures in all.</param>
    public TextureRequest At(TextureRequest request, int index, int count) => request with
    {
        Seed = HasRange ? request.Seed : request.Seed + (ulong)index,
        SecondClassWeight = SecondWeight?.At(index, count),
        Variation = Variation?.At(index, count) ?? 0,
    };
}
