namespace Diffusion.Plugin.Runtimes;

/// <summary>A call on a runtime, from <see cref="RuntimeTable.Enter"/> to the end of a <c>using</c>.</summary>
internal readonly ref struct RuntimeCall
{
    private readonly RuntimeTable.Place _place;

    internal RuntimeCall(RuntimeTable.Place place)
    {
        _place = place;
        Runtime = place.Runtime!;
    }

    public PluginRuntime Runtime { get; }

    /// <summary>Frees the runtime; its handle ends with the call, even where freeing fails.</summary>
    public void DisposeRuntime()
    {
        _place.IsEnding = true;
        Runtime.Dispose();
    }

    public void Dispose() => RuntimeTable.Exit(_place);
}
