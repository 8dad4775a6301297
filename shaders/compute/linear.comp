#version 460
// A linear layer on a few rows: one invocation per output, weights [inputs][outputs] so that neighbours read neighbours.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const bool HALF_WEIGHTS = false;
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

void main()
{
    uint row = gl_WorkGroupID.y;
    uint column = gl_GlobalInvocationID.x;
    if (column >= push.outputs)
    {
        return;
    }

    float sum = bias[column];
    for (uint i = 0; i < push.inputs; i++)
    {
        float value = activate(first[(row * push.inputs) + i], push.inputActivation);
        sum += value * weightAt((i * push.paddedOutputs) + column);
    }

    sum = activate(sum, push.outputActivation);
    if (push.hasAddend != 0u)
    {
        sum += addend[(row * push.outputs) + column];
    }

    target[(row * push.outputs) + column] = sum;
}
