using Diffusion.Cli.Generation;
using Diffusion.Render.Devices;
using Diffusion.Runtime;

namespace Diffusion.Demo;

/// <summary>A model on its backend with the runtime that works on it; owns both.</summary>
internal sealed class Generator : IDisposable
{
    private Generator(LoadedModel model, DiffusionRuntime runtime)
    {
        Model = model;
        Runtime = runtime;
    }

    /// <summary>The model and its backend.</summary>
    public LoadedModel Model { get; }

    /// <summary>The runtime.</summary>
    public DiffusionRuntime Runtime { get; }

    /// <summary>Loads the model; any thread.</summary>
    /// <param name="settings">The demo's.</param>
    /// <param name="device">The device that the compute backend shall share, or null.</param>
    public static Generator Load(DemoSettings settings, VulkanDevice? device)
    {
        CanvasSize size = settings.TextureSize;
        LoadedModel model = LoadedModel.Load(settings.Generation, size.Width, size.Height, device: device);
        try
        {
            return new Generator(model, new DiffusionRuntime(model.Backend, model.Folder.Description));
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Runtime.Dispose();
        Model.Dispose();
    }
}
