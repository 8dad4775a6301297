using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime;

/// <content>The rules of what steers a texture beside its class.</content>
internal sealed partial class TextureRequestResolver
{
    // -1 for none, and where it is the first one: both evaluations would be the same.
    private int ResolveSecondClass(TextureRequest request, Solver solver, int label)
    {
        if (request is { SecondClassName: null, SecondClassLabel: null })
        {
            return request.SecondClassWeight is null && request.SecondClassMask.IsEmpty
                ? -1
                : throw new ArgumentException("SecondClassWeight and SecondClassMask need a second class.");
        }

        int second = ResolveClass(
            request.SecondClassName, request.SecondClassLabel, nameof(request.SecondClassLabel));
        if (request.SecondClassWeight is null == request.SecondClassMask.IsEmpty)
        {
            throw new ArgumentException(
                "A second class needs SecondClassWeight or SecondClassMask, and not both.");
        }

        if (request.SecondClassWeight is { } weight && !(weight is >= 0 and <= 1))
        {
            throw new ArgumentException($"SecondClassWeight must be from 0 to 1, not {weight}.");
        }

        if (!request.SecondClassMask.IsEmpty)
        {
            CheckWeights(request.SecondClassMask.Span, request, "SecondClassMask", "SecondClassMask");
        }

        return solver.ReadsVariance
            ? throw new ArgumentException(
                $"The solver '{solver.Name}' reads the variance of one class; it mixes no second one.")
            : second == label ? -1 : second;
    }

    // A weight in [0, 1] for each pixel. The subject begins a sentence, where the name has an article.
    private static void CheckWeights(ReadOnlySpan<float> weights, TextureRequest request, string subject, string name)
    {
        if (weights.Length != request.Width * request.Height)
        {
            throw new ArgumentException(
                $"{subject} holds {weights.Length} values; Height·Width is {request.Width * request.Height}.");
        }

        if (weights.IndexOfAnyExceptInRange(0f, 1f) is >= 0 and var place)
        {
            throw new ArgumentException($"Value {place} of {name} is {weights[place]}; it must be from 0 to 1.");
        }
    }

    private static void CheckControls(TextureRequest request, Solver solver)
    {
        if (!(request.Variation is >= 0 and <= 1))
        {
            throw new ArgumentException($"Variation must be from 0 to 1, not {request.Variation}.");
        }

        request.Colours?.Check();
        if (request.Colours is not null && solver.IsInversion)
        {
            throw new ArgumentException(
                $"The solver '{solver.Name}' turns an image into the noise that leads back to it; "
                + "other Colours would lead elsewhere.");
        }
    }
}
