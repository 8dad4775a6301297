#version 460
// Pixel unshuffle [N, C, H, W] -> [N, C·P·P, H/P, W/P], or with UNDO shuffle, as PyTorch orders them. The first maps
// [0, 1] to [-1, 1] where asked, the second divides by the network time where the network predicts the score.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const bool UNDO = false;
layout(constant_id = 1) const bool HALF = false;
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { uint first[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer Times { float times[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { uint target[]; };

layout(push_constant) uniform Push
{
    uint channels;  // of the picture, which is float32
    uint height;    // of the picture
    uint width;
    uint patchEdge;
    uint flag;      // centre the input, or divide by the time
} push;

#include "compute/stored.glsl"

float centred(uint at)
{
    float value = uintBitsToFloat(first[at]);
    return push.flag != 0u ? (2.0 * value) - 1.0 : value;
}

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (pixel.x >= push.width || pixel.y >= push.height)
    {
        return;
    }

    uint batch = gl_WorkGroupID.z / push.channels;
    uint edge = push.patchEdge;
    uint inner = ((pixel.y % edge) * edge) + (pixel.x % edge);
    uvec2 cell = pixel / edge;
    uint plane = planeWords(push.height / edge, push.width / edge);
    uint patched = (((gl_WorkGroupID.z * edge * edge) + inner) * plane) + wordAt(cell.y, cell.x, push.width / edge);
    uint flat_ = (((gl_WorkGroupID.z * push.height) + pixel.y) * push.width) + pixel.x;
    if (UNDO)
    {
        float value = valueOf(first[patched], cell.y);
        target[flat_] = floatBitsToUint(push.flag != 0u ? value / times[batch] : value);
    }
    else if (cell.y % ROWS == 0u)
    {
        bool hasBelow = HALF && pixel.y + edge < push.height;
        target[patched] = wordOf(centred(flat_), hasBelow ? centred(flat_ + (edge * push.width)) : 0.0);
    }
}
