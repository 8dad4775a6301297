using Diffusion.Cli.Data;
using Diffusion.Runtime.Models;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Evaluation;

/// <summary>The pictures of an evaluation, with the labels that the model knows their classes by.</summary>
internal sealed class EvaluationData
{
    private readonly TrainingData _data;
    private readonly bool _isHeldOut;
    private readonly int[] _indices;
    private readonly long[]? _labels;

    /// <summary>Opens the set that a model can see.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="model">The model.</param>
    /// <param name="count">Pictures wanted.</param>
    /// <param name="isHeldOut">Whether held-out pictures are, or those trained on.</param>
    /// <exception cref="UserErrorException">Set and model do not fit, or the set is too small.</exception>
    public EvaluationData(string folder, ModelFolder model, int count, bool isHeldOut)
    {
        int channels = model.Config.ImageChannels;
        bool grey = FashionMnistFolder.IsOne(folder);
        if (channels != (grey ? 1 : 3))
        {
            throw new UserErrorException(
                $"The model '{model.Path}' takes {channels} channels; "
                + $"the pictures in '{folder}' have {(grey ? 1 : 3)}.");
        }

        _data = grey
            ? FashionMnistFolder.Load(folder)
            : TextureDataset.Create(TextureFolder.Load(folder), CanvasOf(model));
        if (grey && _data.Canvas % model.Config.Stride != 0)
        {
            throw new UserErrorException(
                $"The model '{model.Path}' takes multiples of {model.Config.Stride} pixels; "
                + $"the pictures in '{folder}' are {_data.Canvas} wide.");
        }

        _isHeldOut = isHeldOut;
        int available = isHeldOut ? _data.HeldOutCount : _data.TrainingCount;
        if (count > available)
        {
            throw new UserErrorException(
                $"--count is {count}; '{folder}' has {available} {(isHeldOut ? "held-out" : "training")} pictures.");
        }

        _indices = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * available / count))];
        _labels = LabelsOf(folder, model, _data);
        Canvas = _data.Canvas;
        Channels = channels;
    }

    public int Canvas { get; }

    public int Channels { get; }

    public int Count => _indices.Length;

    /// <summary>Pixels [N, C, H, W] in [-1, 1] and the model's labels [N], null for a model without classes.</summary>
    public (float[] Pixels, long[]? Labels) Read(int first, int count)
    {
        var part = _indices.AsSpan(first, count).ToArray();
        (float[] pixels, long[] labels) = _isHeldOut ? _data.HeldOutPictures(part) : _data.TrainingPictures(part);
        return (pixels, _labels is null ? null : Array.ConvertAll(labels, label => _labels[label]));
    }

    private static int CanvasOf(ModelFolder model) => model.Config.SampleSize is > 0 and var size
        ? size
        : throw new UserErrorException($"The model '{model.Path}' does not say its 'sample_size'.");

    private static long[]? LabelsOf(string folder, ModelFolder model, TrainingData data)
    {
        if (model.ClassNames.Count == 0)
        {
            return null;
        }

        string[] known = [.. model.ClassNames];
        return [.. data.ClassNames.Select(name => Array.IndexOf(known, name) is >= 0 and var label
            ? (long)label
            : throw new UserErrorException(
                $"'{folder}' has the class '{name}', which the model '{model.Path}' does not know."))];
    }
}
