#version 460
// A linear layer on a few rows: one invocation per output, weights [inputs][outputs] so that neighbours read
// neighbours. The workgroup activates each input once.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const bool HALF = false;
layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { float first[]; };
layout(set = 0, binding = 2, std430) readonly restrict buffer Weights { uint weightWords[]; };
layout(set = 0, binding = 3, std430) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 6, std430) readonly restrict buffer Addend { float addend[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { float target[]; };

layout(push_constant) uniform Push
{
    uint inputs;
    uint outputs;
    uint paddedOutputs;
    uint inputActivation;
    uint outputActivation;
    uint hasAddend;
} push;

#include "compute/activation.glsl"
#include "compute/weights.glsl"

const uint CHUNK = 64;

shared float inputs[CHUNK];

void main()
{
    uint row = gl_WorkGroupID.y;
    uint column = gl_GlobalInvocationID.x;
    float sum = column < push.outputs ? bias[column] : 0.0;
    for (uint start = 0; start < push.inputs; start += CHUNK)
    {
        uint mine = start + gl_LocalInvocationID.x;
        inputs[gl_LocalInvocationID.x] = mine < push.inputs
            ? activate(first[(row * push.inputs) + mine], push.inputActivation)
            : 0.0;
        barrier();
        uint count = min(CHUNK, push.inputs - start);
        if (column < push.outputs)
        {
            for (uint i = 0; i < count; i++)
            {
                sum += inputs[i] * weightAt(((start + i) * push.paddedOutputs) + column);
            }
        }

        barrier();
    }

    if (column >= push.outputs)
    {
        return;
    }

    sum = activate(sum, push.outputActivation);
    if (push.hasAddend != 0u)
    {
        sum += addend[(row * push.outputs) + column];
    }

    target[(row * push.outputs) + column] = sum;
}
