using System.Numerics;

namespace Diffusion.Render.Scenes;

/// <summary>
/// The uniform block of scene.glsl, std140. Matrices are row-major here, which GLSL reads as their transposes: M·v
/// there is v·M here.
/// </summary>
internal struct SceneUniforms
{
    public Matrix4x4 ViewProjection;
    public Matrix4x4 LightViewProjection;
    public Vector4 CameraPosition;
    public Vector4 LightDirection;
    public Vector4 LightColour;
    public Vector4 LampPosition;
    public Vector4 LampColour;
    public Vector4 SkyColour;
    public Vector4 GroundColour;
    public Vector4 BackgroundTop;
    public Vector4 BackgroundBottom;
    public Vector4 Extent;
    public Vector4 Opening;

    /// <summary>Fills the block for a frame.</summary>
    public static SceneUniforms Create(
        in Camera camera, SceneLight light, float width, float height, int shadowMapSize) => new()
        {
            ViewProjection = camera.ViewProjection(width / height),
            LightViewProjection = light.ViewProjection(light.ShadowCentre ?? camera.Target),
            CameraPosition = new Vector4(camera.Position, light.Exposure),
            LightDirection = new Vector4(Vector3.Normalize(light.Direction), 0f),
            LightColour = new Vector4(light.Colour, 1f),
            LampPosition = new Vector4(light.LampPosition, light.LampRadius),
            LampColour = new Vector4(light.LampColour, 0f),
            SkyColour = new Vector4(light.Sky, 1f),
            GroundColour = new Vector4(light.Ground, 1f),
            BackgroundTop = new Vector4(light.BackgroundTop, 1f),
            BackgroundBottom = new Vector4(light.BackgroundBottom, 1f),
            Extent = new Vector4(width, height, light.FogDensity, 1f / shadowMapSize),
            Opening = new Vector4(light.OpeningSize / 2f, light.OpeningHeight, 0f, 0f),
        };
}
