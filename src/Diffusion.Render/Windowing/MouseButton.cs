namespace Diffusion.Render.Windowing;

/// <summary>Mouse buttons, by GLFW's numbers.</summary>
public enum MouseButton
{
    /// <summary>Left button.</summary>
    Left,

    /// <summary>Right button.</summary>
    Right,

    /// <summary>Middle button.</summary>
    Middle,
}
