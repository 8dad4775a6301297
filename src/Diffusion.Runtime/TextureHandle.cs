namespace Diffusion.Runtime;

/// <summary>
/// Names a texture of a <see cref="DiffusionRuntime"/>; a handle that was released never names another one.
/// </summary>
/// <param name="Index">Place in the runtime's table.</param>
/// <param name="Generation">Which of the textures that had this place, from 1; 0 in a default handle, which names
/// nothing.</param>
public readonly record struct TextureHandle(int Index, uint Generation);
