namespace Diffusion.Torch.Training.Times;

/// <summary>Where one picture of a batch stands in time.</summary>
/// <param name="Unit">In [0, 1): the share of the time range below it.</param>
/// <param name="Weight">1 over the density it was drawn with, by which its loss is multiplied so that it stays
/// unbiased.</param>
internal readonly record struct TimeDraw(double Unit, double Weight);
