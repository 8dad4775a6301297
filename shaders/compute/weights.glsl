// Weights in float32, or two float16 a word. Needs the constant HALF and the buffer of words declared before.
float weightAt(uint index)
{
    if (HALF)
    {
        vec2 pair = unpackHalf2x16(weightWords[index >> 1]);
        return (index & 1u) == 0u ? pair.x : pair.y;
    }

    return uintBitsToFloat(weightWords[index]);
}
