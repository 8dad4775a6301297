#version 460
// Averages squares of FACTOR x FACTOR pixels of planar [N, C, H, W], after normalisation and activation; FACTOR 1
// copies, which is how two tensors become one.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const uint FACTOR = 2;
layout(constant_id = 1) const bool HALF = false;
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { uint first[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer Second { uint second[]; };
layout(set = 0, binding = 4, std430) readonly restrict buffer Norm { vec2 norm[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { uint target[]; };

layout(push_constant) uniform Push
{
    uint isNormed;
    uint activation;
    uint firstChannels;
    uint secondChannels;
    uint outHeight;
    uint outWidth;
} push;

#include "compute/activation.glsl"
#include "compute/stored.glsl"

float pooled(uint batch, uint channel, uint outY, uint outX)
{
    uint channels = push.firstChannels + push.secondChannels;
    vec2 scaleAndShift = push.isNormed != 0u ? norm[(batch * channels) + channel] : vec2(1.0, 0.0);
    uint width = push.outWidth * FACTOR;
    uint plane = planeWords(push.outHeight * FACTOR, width);
    float sum = 0.0;
    for (uint y = outY * FACTOR; y < (outY + 1u) * FACTOR; y++)
    {
        for (uint x = outX * FACTOR; x < (outX + 1u) * FACTOR; x++)
        {
            uint at = wordAt(y, x, width);
            uint word = channel < push.firstChannels
                ? first[(((batch * push.firstChannels) + channel) * plane) + at]
                : second[(((batch * push.secondChannels) + (channel - push.firstChannels)) * plane) + at];
            sum += activate((scaleAndShift.x * valueOf(word, y)) + scaleAndShift.y, push.activation);
        }
    }

    return sum / float(FACTOR * FACTOR);
}

void main()
{
    uint x = gl_GlobalInvocationID.x;
    uint y = gl_GlobalInvocationID.y * ROWS;
    if (x >= push.outWidth || y >= push.outHeight)
    {
        return;
    }

    uint channels = push.firstChannels + push.secondChannels;
    uint batch = gl_WorkGroupID.z / channels;
    uint channel = gl_WorkGroupID.z % channels;
    float below = HALF && y + 1u < push.outHeight ? pooled(batch, channel, y + 1u, x) : 0.0;
    target[(gl_WorkGroupID.z * planeWords(push.outHeight, push.outWidth)) + wordAt(y, x, push.outWidth)] =
        wordOf(pooled(batch, channel, y, x), below);
}
