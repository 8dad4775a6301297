#version 460
// Where a chain begins: x = α·image + σ·z, and the image (or 0) as the first clean estimate. One invocation per pixel.
#extension GL_GOOGLE_include_directive : require

// 0: start; 1: the four random words of each pixel in planes; 2: the four normals. The last two are for comparison with
// the host's.
layout(constant_id = 0) const uint OUTPUT = 0;
layout(local_size_x = 8, local_size_y = 8) in;

#include "compute/sample.glsl"
#include "compute/gaussian.glsl"
#include "compute/chain_noise.glsl"

layout(set = 0, binding = 7, std430) buffer Words { uint words[]; };

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (pixel.x >= parameters.width || pixel.y >= parameters.height)
    {
        return;
    }

    uint plane = parameters.width * parameters.height;
    uint index = (pixel.y * parameters.width) + pixel.x;
    vec4 z = chainNoise(pixel);
    if (OUTPUT != 0u)
    {
        uvec4 drawn = chainWords(pixel, uvec2(parameters.seedLow, parameters.seedHigh));
        for (uint i = 0u; i < 4u; i++)
        {
            words[(i * plane) + index] = OUTPUT == 1u ? drawn[i] : floatBitsToUint(z[i]);
        }

        return;
    }

    // [Ho20, Eq. 4] x_t = α·x_0 + σ·ε
    for (uint channel = 0u; channel < CHANNELS; channel++)
    {
        uint at = (channel * plane) + index;
        float image = (parameters.flags & HAS_IMAGE) != 0u ? ring[parameters.image + at] : 0.0;
        precise float signal = parameters.sampleFactor * image;
        precise float noise = parameters.noiseFactor * z[channel];
        ring[parameters.denoised + at] = image;
        ring[parameters.next + at] = signal + noise;
    }
}
