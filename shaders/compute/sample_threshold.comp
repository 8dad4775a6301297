#version 460
// The value of a rank among all |D|, exactly: a radix select over the bits, which order as the numbers do. One
// workgroup reads the image four times; a sort would store it. [Saharia22, Sec. 2.3]
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 256) in;

#include "compute/sample.glsl"

layout(set = 0, binding = 3, std430) restrict buffer Scratch { float scratch[]; };

shared uint counts[256];
shared uint prefix;
shared uint rank;

void main()
{
    uint lane = gl_LocalInvocationIndex;
    uint length_ = CHANNELS * parameters.width * parameters.height;
    if (lane == 0u)
    {
        prefix = 0u;
        rank = parameters.thresholdRank;
    }

    for (int shift = 24; shift >= 0; shift -= 8)
    {
        counts[lane] = 0u;
        barrier();
        uint above = shift == 24 ? 0u : prefix >> (shift + 8);
        for (uint i = lane; i < length_; i += 256u)
        {
            uint bits = floatBitsToUint(ring[parameters.denoised + i]) & 0x7FFFFFFFu;
            if (shift == 24 || (bits >> (shift + 8)) == above)
            {
                atomicAdd(counts[(bits >> shift) & 255u], 1u);
            }
        }

        barrier();
        if (lane == 0u)
        {
            uint digit = 0u;
            while (digit < 255u && rank >= counts[digit])
            {
                rank -= counts[digit];
                digit++;
            }

            prefix |= digit << shift;
        }

        barrier();
    }

    if (lane == 0u)
    {
        scratch[SCRATCH_THRESHOLD] = uintBitsToFloat(prefix);
    }
}
