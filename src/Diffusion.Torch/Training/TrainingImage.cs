namespace Diffusion.Torch.Training;

/// <summary>One picture of the training set, decoded.</summary>
/// <param name="Name">Its file name, for messages and the order of the split.</param>
/// <param name="ClassName">The class that it teaches.</param>
/// <param name="Edge">Width and height in pixels.</param>
/// <param name="Rgb">Interleaved sRGB bytes, row-major, 3·Edge² of them.</param>
/// <param name="IsHeldOut">Whether it is kept from training. Where no picture of a set is, some are by a rule.</param>
public sealed record TrainingImage(
    string Name, string ClassName, int Edge, ReadOnlyMemory<byte> Rgb, bool IsHeldOut = false);
