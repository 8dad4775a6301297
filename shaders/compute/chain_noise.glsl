// z of a chain's step at a pixel; needs sample.glsl and gaussian.glsl before it.

// The four random words of each seed's noise function.
uvec4 chainWords(uvec2 pixel, uvec2 seed)
{
    uvec4 counter = uvec4(
        parameters.originX + pixel.x, parameters.originY + pixel.y, parameters.stepNumber, parameters.chainWord);
    return philox(counter, seed);
}

vec4 toNormals(uvec4 words)
{
    return vec4(boxMuller(words.x, words.y), boxMuller(words.z, words.w));
}

// Of one seed, or on the arc between the noise of two. [Shoemake85] z = cos(t·π/2)·z_1 + sin(t·π/2)·z_2
vec4 chainNoise(uvec2 pixel)
{
    vec4 z = toNormals(chainWords(pixel, uvec2(parameters.seedLow, parameters.seedHigh)));
    if (parameters.otherNoise != 0.0)
    {
        vec4 other = toNormals(
            chainWords(pixel, uvec2(parameters.variationSeedLow, parameters.variationSeedHigh)));
        precise vec4 sum = (parameters.ownNoise * z) + (parameters.otherNoise * other);
        z = sum;
    }

    return z;
}
