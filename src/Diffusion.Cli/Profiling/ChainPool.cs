using Diffusion.Cli.Generation;
using Diffusion.Runtime;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Chains;

namespace Diffusion.Cli.Profiling;

/// <summary>Chains that take turns after each network evaluation, without a model of time.</summary>
internal sealed class ChainPool : IDisposable
{
    private readonly TextureRequestResolver _resolver;
    private readonly TextureRequest _request;
    private readonly DiffusionChain[] _chains;
    private ulong _nextSeed;
    private int _current;

    /// <summary>Makes the chains.</summary>
    public ChainPool(LoadedModel model, TextureRequest request, int textures)
    {
        _resolver = new TextureRequestResolver(model.Backend.Config, model.Folder.Description, noiseThreads: 1);
        _request = request;
        _nextSeed = request.Seed;
        _chains = new DiffusionChain[textures];
        for (int i = 0; i < textures; i++)
        {
            (SessionOptions shape, ChainSettings settings) = Next();
            _chains[i] = new DiffusionChain(model.Backend.CreateSession(shape), settings);
        }
    }

    /// <summary>The slices of each chain.</summary>
    public IReadOnlyList<SliceInfo> Slices => _chains[0].Slices;

    /// <summary>What runs several of them at once.</summary>
    public IReadOnlyList<SliceSpan> Spans => _chains[0].Spans;

    /// <summary>Textures completed so far.</summary>
    public int TexturesCompleted { get; private set; }

    /// <summary>Steps completed so far.</summary>
    public int StepsCompleted { get; private set; }

    /// <summary>Runs one slice of the chain whose turn it is.</summary>
    /// <returns>Whether there was one; false when all are completed.</returns>
    public bool Advance()
    {
        for (int tried = 0; tried < _chains.Length && !_chains[_current].IsRunnable; tried++)
        {
            PassOn();
        }

        DiffusionChain chain = _chains[_current];
        int step = chain.Step;
        if (!chain.AdvanceSlice())
        {
            return false;
        }

        if (chain.Status == ChainStatus.Failed)
        {
            throw new UserErrorException($"a texture failed: {chain.Failure!.Message}");
        }

        if (chain.Step > step)
        {
            StepsCompleted++;
            TexturesCompleted += chain.Status == ChainStatus.Completed ? 1 : 0;
            PassOn();
        }

        return true;
    }

    /// <summary>Begins the next seeds where chains are completed.</summary>
    public void RestartFinished()
    {
        foreach (DiffusionChain chain in _chains)
        {
            if (chain.Status == ChainStatus.Completed)
            {
                chain.Restart(Next().Settings);
            }
        }
    }

    public void Dispose()
    {
        foreach (DiffusionChain? chain in _chains)
        {
            chain?.Dispose();
        }
    }

    private void PassOn() => _current = (_current + 1) % _chains.Length;

    private (SessionOptions Shape, ChainSettings Settings) Next() =>
        _resolver.Resolve(_request with { Seed = _nextSeed++ });
}
