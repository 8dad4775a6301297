namespace Diffusion.Render.Compute.Planning;

/// <summary>The four buffers of an evaluation.</summary>
internal enum BufferKind
{
    /// <summary>Nothing is bound.</summary>
    None,

    /// <summary>Activations; of the session.</summary>
    Arena,

    /// <summary>Weights; of the backend.</summary>
    Weights,

    /// <summary>What the host writes before an evaluation.</summary>
    Input,

    /// <summary>What the host reads after it.</summary>
    Output,
}
