// Activations [N, C, H, W] as words: float32 row by row, or float16, where a word holds a pixel and the one below it, for
// an invocation of a convolution has columns. Core GLSL unpacks them, so that no device feature is needed. Needs the
// constant HALF declared before.
const uint ROWS = HALF ? 2u : 1u;

uint planeWords(uint height, uint width)
{
    return ((height + ROWS - 1u) / ROWS) * width;
}

uint wordAt(uint y, uint x, uint width)
{
    return ((y / ROWS) * width) + x;
}

// The value of row y.
float valueOf(uint word, uint y)
{
    if (HALF)
    {
        vec2 pair = unpackHalf2x16(word);
        return (y & 1u) == 0u ? pair.x : pair.y;
    }

    return uintBitsToFloat(word);
}

// Where words are float32, there is nothing below.
uint wordOf(float value, float below)
{
    return HALF ? packHalf2x16(vec2(value, below)) : floatBitsToUint(value);
}
