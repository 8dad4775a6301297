using System.Numerics;
using Diffusion.Render.Windowing;

namespace Diffusion.Demo;

/// <summary>
/// Flies the camera as engines' editors do: by W A S D Q E and the mouse while its right button is held.
/// </summary>
/// <remarks>F holds the button down, so to speak: without a mouse, the arrows turn.</remarks>
internal sealed class Flight(GlfwWindow window, HallCamera camera)
{
    private const float MetresPerSecond = 2.5f;
    private const float Faster = 3f;
    private const float RadiansPerPixel = 0.004f;
    private const float RadiansPerSecond = 1.2f;

    // A frame that took longer must not throw the camera through a wall.
    private const double LongestFrame = 0.2;

    private bool _isLatched;
    private Vector2 _cursor;
    private double _last;

    /// <summary>Whether keys fly, and mean nothing else.</summary>
    public bool TakesKeys { get; private set; }

    /// <summary>Moves the camera by what has happened since the last call.</summary>
    /// <param name="seconds">Time of the animation.</param>
    public void Update(double seconds)
    {
        var elapsed = (float)Math.Min(seconds - _last, LongestFrame);
        _last = seconds;
        if (window.WasPressed(Key.O))
        {
            _isLatched = false;
            camera.Orbit();
        }

        _isLatched ^= window.WasPressed(Key.F);
        bool isHeld = window.IsDown(MouseButton.Right);
        bool begins = isHeld && !window.CapturesCursor;
        window.CapturesCursor = isHeld;
        TakesKeys = isHeld || _isLatched;
        if (!TakesKeys)
        {
            return;
        }

        Vector2 cursor = window.Cursor;
        Vector2 mouse = isHeld && !begins ? cursor - _cursor : Vector2.Zero;
        _cursor = cursor;
        float speed = (window.IsDown(Key.LeftShift) ? Faster : 1f) * MetresPerSecond * elapsed;
        var move = new Vector3(Axis(Key.A, Key.D), Axis(Key.Q, Key.E), Axis(Key.S, Key.W));
        var turn = new Vector2(Axis(Key.Left, Key.Right), Axis(Key.Down, Key.Up));
        camera.Fly(
            seconds, move * speed,
            (turn * (RadiansPerSecond * elapsed)) + (new Vector2(mouse.X, -mouse.Y) * RadiansPerPixel));
    }

    private float Axis(Key less, Key more) => (window.IsDown(more) ? 1f : 0f) - (window.IsDown(less) ? 1f : 0f);
}
