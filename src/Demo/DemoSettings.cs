using Diffusion.Cli.Generation;
using Diffusion.Render.Sharing;

namespace Diffusion.Demo;

/// <summary>What the command line chose for a run of the demo.</summary>
internal sealed record DemoSettings
{
    /// <summary>What is generated.</summary>
    public required GenerationSettings Generation { get; init; }

    /// <summary>No window: frames are drawn off screen and a report is written.</summary>
    public bool Headless { get; init; }

    /// <summary>Frames to draw, or null until all is finished headless, <see
    /// cref="HeadlessDemo.MostFrames"/> at most, and until the window closes.</summary>
    public int? Frames { get; init; }

    /// <summary>What the runtime may take of each frame.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMilliseconds(8);

    /// <summary>Where a headless run writes.</summary>
    public string OutputFolder { get; init; } = "out/demo";

    /// <summary>The frame's size in pixels.</summary>
    public CanvasSize FrameSize { get; init; } = new(1280, 720);

    /// <summary>Each texture's size in pixels.</summary>
    public CanvasSize TextureSize { get; init; } = new(64, 64);

    /// <summary>The class of the ground around the court, or null for none.</summary>
    public string? GroundClass { get; init; }

    /// <summary>Whether surfaces show the predicted clean image in place of x_t.</summary>
    public bool ShowDenoised { get; init; }

    /// <summary>How long a change of what surfaces show takes to come in; zero for at once.</summary>
    public TimeSpan Fade { get; init; }

    /// <summary>Whether frames wait for the display.</summary>
    public bool VerticalSync { get; init; } = true;

    /// <summary>A GPU by name or index, or null for the best.</summary>
    public string? Gpu { get; init; }

    /// <summary>A sharing path to insist on, or null for the best that works.</summary>
    public SharingPath? Sharing { get; init; }

    /// <summary>Whether networks of the compute backend run on a queue of their own.</summary>
    public bool AsyncCompute { get; init; }

    /// <summary>Whether the Vulkan validation layers watch.</summary>
    public bool Validation { get; init; }
}
