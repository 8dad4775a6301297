namespace Diffusion.Render.Compute.Planning;

/// <summary>The buffers of an evaluation.</summary>
internal enum BufferKind
{
    /// <summary>Nothing is bound.</summary>
    None,

    /// <summary>Activations; of the session.</summary>
    Arena,

    /// <summary>Weights; of the backend.</summary>
    Weights,

    /// <summary>Time and class, written before an evaluation.</summary>
    Input,

    /// <summary>The scaled sample, likewise.</summary>
    Picture,

    /// <summary>What it results in.</summary>
    Output,
}
