namespace Diffusion.Torch.Training.Times;

/// <summary>Uniform as a whole, but one in each N-th of the range. [Kingma21, App. I.1]</summary>
internal sealed class LowDiscrepancyTimes : TimeSampler
{
    public override TimeDraw[] Draw(int count, ref CounterRandom random)
    {
        var offset = random.NextDouble();
        var draws = new TimeDraw[count];
        for (var i = 0; i < count; i++)
        {
            draws[i] = new((i + offset) / count, 1);
        }

        return draws;
    }
}
