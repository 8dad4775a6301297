namespace Diffusion.Render.Windowing;

/// <summary>Keys, by GLFW's numbers; a letter's or digit's number is its ASCII code.</summary>
public enum Key
{
    /// <summary>No key.</summary>
    None = 0,

    /// <summary>Space bar.</summary>
    Space = 32,

    /// <summary>Minus.</summary>
    Minus = 45,

    /// <summary>Digit 0; digits follow in order.</summary>
    D0 = 48,

    /// <summary>Digit 1.</summary>
    D1 = 49,

    /// <summary>Digit 2.</summary>
    D2 = 50,

    /// <summary>Digit 3.</summary>
    D3 = 51,

    /// <summary>Digit 4.</summary>
    D4 = 52,

    /// <summary>Digit 9.</summary>
    D9 = 57,

    /// <summary>Equals, which carries plus on many layouts.</summary>
    Equal = 61,

    /// <summary>Letter A; letters follow in order.</summary>
    A = 65,

    /// <summary>Letter B.</summary>
    B = 66,

    /// <summary>Letter C.</summary>
    C = 67,

    /// <summary>Letter D.</summary>
    D = 68,

    /// <summary>Letter E.</summary>
    E = 69,

    /// <summary>Letter F.</summary>
    F = 70,

    /// <summary>Letter H.</summary>
    H = 72,

    /// <summary>Letter O.</summary>
    O = 79,

    /// <summary>Letter P.</summary>
    P = 80,

    /// <summary>Letter Q.</summary>
    Q = 81,

    /// <summary>Letter R.</summary>
    R = 82,

    /// <summary>Letter S.</summary>
    S = 83,

    /// <summary>Letter V.</summary>
    V = 86,

    /// <summary>Letter W.</summary>
    W = 87,

    /// <summary>Letter X.</summary>
    X = 88,

    /// <summary>Left bracket.</summary>
    LeftBracket = 91,

    /// <summary>Right bracket.</summary>
    RightBracket = 93,

    /// <summary>Escape.</summary>
    Escape = 256,

    /// <summary>Tabulator.</summary>
    Tab = 258,

    /// <summary>Right arrow.</summary>
    Right = 262,

    /// <summary>Left arrow.</summary>
    Left = 263,

    /// <summary>Down arrow.</summary>
    Down = 264,

    /// <summary>Up arrow.</summary>
    Up = 265,

    /// <summary>Left shift.</summary>
    LeftShift = 340,
}
