using System.Numerics;
using Diffusion.Render.Scenes;

namespace Diffusion.Demo;

/// <summary>Circles the hall slowly, closely or above its walls, until somebody flies it.</summary>
internal sealed class HallCamera
{
    private const double SecondsPerOrbit = 120;
    private const double StartAngle = 0.84;
    private const float Distance = 8.3f;
    private const float Height = 3.5f;
    private const float FarDistance = 14.5f;
    private const float FarHeight = 7.5f;
    private const float LargestPitch = 1.5f;
    private const float LowestHeight = 0.3f;
    private const float FarthestOut = 30f;

    private static readonly Vector3 _orbitTarget = new(0f, 0.75f, 0f);

    private Vector3 _position;
    private float _yaw;
    private float _pitch;

    /// <summary>Whether it stands where it was flown to.</summary>
    public bool IsFlying { get; private set; }

    /// <summary>Whether it circles so far out and high that the ground around the court is seen, which walls hide
    /// else.</summary>
    public bool OverlooksGround { get; set; }

    /// <summary>The camera at a time of the animation.</summary>
    public Camera At(double seconds)
    {
        if (IsFlying)
        {
            return Camera.LookAt(_position, _position + Forward());
        }

        (double sin, double cos) = Math.SinCos(StartAngle + (2 * Math.PI * seconds / SecondsPerOrbit));
        (float distance, float height) = OverlooksGround ? (FarDistance, FarHeight) : (Distance, Height);
        return Camera.LookAt(new Vector3((float)sin * distance, height, (float)cos * distance), _orbitTarget);
    }

    /// <summary>Moves and turns, from the orbit's present place the first time.</summary>
    /// <param name="seconds">Time of the animation.</param>
    /// <param name="move">Metres to the right, up and forward.</param>
    /// <param name="turn">Radians to the right and up.</param>
    public void Fly(double seconds, Vector3 move, Vector2 turn)
    {
        if (!IsFlying)
        {
            Camera camera = At(seconds);
            Vector3 ahead = Vector3.Normalize(camera.Target - camera.Position);
            (_position, _yaw, _pitch) = (camera.Position, MathF.Atan2(ahead.X, -ahead.Z), MathF.Asin(ahead.Y));
            IsFlying = true;
        }

        _yaw += turn.X;
        _pitch = Math.Clamp(_pitch + turn.Y, -LargestPitch, LargestPitch);
        Vector3 forward = Forward();
        var right = new Vector3(MathF.Cos(_yaw), 0f, MathF.Sin(_yaw));
        _position += (right * move.X) + (Vector3.UnitY * move.Y) + (forward * move.Z);
        _position = Vector3.Clamp(
            _position, new Vector3(-FarthestOut, LowestHeight, -FarthestOut), new Vector3(FarthestOut));
    }

    /// <summary>Circles again.</summary>
    public void Orbit() => IsFlying = false;

    private Vector3 Forward()
    {
        (float sinYaw, float cosYaw) = MathF.SinCos(_yaw);
        (float sinPitch, float cosPitch) = MathF.SinCos(_pitch);
        return new Vector3(sinYaw * cosPitch, sinPitch, -cosYaw * cosPitch);
    }
}
