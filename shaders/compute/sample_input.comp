#version 460
// What the network is given: cIn·x_t for each sample of the batch [Karras22, Eq. 7], and the host's time and class,
// which are copied so that the host may write the next evaluation's while this one runs.
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;

#include "compute/sample.glsl"

layout(set = 0, binding = 0, std430) readonly restrict buffer Conditioning { float conditioning[]; };
layout(set = 0, binding = 5, std430) writeonly restrict buffer NetworkInput { float networkInput[]; };
layout(set = 0, binding = 6, std430) writeonly restrict buffer Picture { float picture[]; };

void main()
{
    uint image = CHANNELS * parameters.width * parameters.height;
    uint threads = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < image; i += threads)
    {
        float value = parameters.inputScale * ring[parameters.current + i];
        for (uint sample_ = 0u; sample_ < parameters.batch; sample_++)
        {
            picture[(sample_ * image) + i] = value;
        }
    }

    for (uint i = gl_GlobalInvocationID.x; i < parameters.conditioningLength; i += threads)
    {
        networkInput[i] = conditioning[i];
    }
}
