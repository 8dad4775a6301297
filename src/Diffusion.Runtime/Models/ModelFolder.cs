namespace Diffusion.Runtime.Models;

/// <summary>A diffusers pipeline folder on disk.</summary>
public sealed partial class ModelFolder;
