using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.Training;

/// <summary>An exponential moving average of the weights, which samples better than the weights themselves.</summary>
/// <remarks>Owns its tensors. One thread. [Ho20, App. B]</remarks>
internal sealed class WeightAverage : IDisposable
{
    private readonly (string Name, Parameter Value)[] _parameters;
    private readonly double _decay;

    public WeightAverage((string Name, Parameter Value)[] parameters, double decay)
    {
        _parameters = parameters;
        _decay = decay;
        using var frozen = no_grad();
        Values = [.. parameters.Select(p => (p.Name, p.Value.detach().clone().DetachFromDisposeScope()))];
    }

    public (string Name, Tensor Value)[] Values { get; }

    /// <summary>Takes the weights of <paramref name="iteration"/> (from 1) into the average.</summary>
    public void Update(long iteration)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();

        // A short memory at first: the average would else be the untrained weights for 1 / (1 - decay) iterations.
        var decay = Math.Min(_decay, (1.0 + iteration) / (10.0 + iteration));
        for (var i = 0; i < Values.Length; i++)
        {
            Values[i].Value.lerp_(_parameters[i].Value, 1 - decay);
        }
    }

    /// <summary>Exchanges weights and average in place; a second call undoes it.</summary>
    public void Exchange()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        for (var i = 0; i < Values.Length; i++)
        {
            var kept = _parameters[i].Value.clone();
            _parameters[i].Value.copy_(Values[i].Value);
            Values[i].Value.copy_(kept);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in Values)
        {
            value.Dispose();
        }
    }
}
