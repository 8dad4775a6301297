namespace Diffusion.Torch.Training.Times;

/// <summary>t ~ Uniform. [Ho20, Alg. 1]</summary>
internal sealed class UniformTimes : TimeSampler
{
    public override TimeDraw[] Draw(int count, ref CounterRandom random)
    {
        var draws = new TimeDraw[count];
        for (var i = 0; i < count; i++)
        {
            draws[i] = new(random.NextDouble(), 1);
        }

        return draws;
    }
}
