#version 460
// Averages squares of FACTOR x FACTOR pixels of planar [N, C, H, W], after normalisation and activation; FACTOR 1 copies,
// which is how two tensors become one.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const uint FACTOR = 2;
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { float first[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer Second { float second[]; };
layout(set = 0, binding = 4, std430) readonly restrict buffer Norm { vec2 norm[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { float target[]; };

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

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    uint channels = push.firstChannels + push.secondChannels;
    uint batch = gl_WorkGroupID.z / channels;
    uint channel = gl_WorkGroupID.z % channels;
    if (pixel.x >= push.outWidth || pixel.y >= push.outHeight)
    {
        return;
    }

    vec2 scaleAndShift = push.isNormed != 0u ? norm[(batch * channels) + channel] : vec2(1.0, 0.0);
    uint width = push.outWidth * FACTOR;
    uint plane = width * push.outHeight * FACTOR;
    float sum = 0.0;
    for (uint y = 0; y < FACTOR; y++)
    {
        for (uint x = 0; x < FACTOR; x++)
        {
            uint at = (((pixel.y * FACTOR) + y) * width) + (pixel.x * FACTOR) + x;
            float value = channel < push.firstChannels
                ? first[(((batch * push.firstChannels) + channel) * plane) + at]
                : second[(((batch * push.secondChannels) + (channel - push.firstChannels)) * plane) + at];
            sum += activate((scaleAndShift.x * value) + scaleAndShift.y, push.activation);
        }
    }

    uint outPlane = push.outWidth * push.outHeight;
    target[(gl_WorkGroupID.z * outPlane) + (pixel.y * push.outWidth) + pixel.x] = sum / float(FACTOR * FACTOR);
}
