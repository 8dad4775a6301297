#version 460
// Pixel unshuffle [N, C, H, W] -> [N, C·P·P, H/P, W/P], or with UNDO shuffle, as PyTorch orders them. The first maps
// [0, 1] to [-1, 1] where asked, the second divides by the network time where the network predicts the score.
layout(constant_id = 0) const bool UNDO = false;
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { float first[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer Times { float times[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { float target[]; };

layout(push_constant) uniform Push
{
    uint channels;  // of the picture
    uint height;    // of the picture
    uint width;
    uint patchEdge;
    uint flag;      // centre the input, or divide by the time
} push;

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
    uint plane = (push.height / edge) * (push.width / edge);
    uint patched = (((gl_WorkGroupID.z * edge * edge) + inner) * plane)
        + ((pixel.y / edge) * (push.width / edge)) + (pixel.x / edge);
    uint flat_ = (((gl_WorkGroupID.z * push.height) + pixel.y) * push.width) + pixel.x;
    if (UNDO)
    {
        float value = first[patched];
        target[flat_] = push.flag != 0u ? value / times[batch] : value;
    }
    else
    {
        float value = first[flat_];
        target[patched] = push.flag != 0u ? (2.0 * value) - 1.0 : value;
    }
}
