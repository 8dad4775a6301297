#version 460
// The value of a rank among all |D|, exactly: a radix select over the bits, which order as the numbers do. One
// workgroup reads the image four times; a sort would store it. [Saharia22, Sec. 2.3]
#extension GL_GOOGLE_include_directive : require

// What every device takes; and the values of a digit.
const uint LANES = 128u;
const uint DIGITS = 256u;

layout(local_size_x = LANES) in;

#include "compute/sample.glsl"

layout(set = 0, binding = 3, std430) restrict buffer Scratch { float scratch[]; };

shared uint counts[DIGITS];
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
        for (uint digit = lane; digit < DIGITS; digit += LANES)
        {
            counts[digit] = 0u;
        }

        barrier();
        uint above = shift == 24 ? 0u : prefix >> (shift + 8);
        for (uint i = lane; i < length_; i += LANES)
        {
            uint bits = floatBitsToUint(ring[parameters.denoised + i]) & 0x7FFFFFFFu;
            if (shift == 24 || (bits >> (shift + 8)) == above)
            {
                atomicAdd(counts[(bits >> shift) & (DIGITS - 1u)], 1u);
            }
        }

        barrier();
        if (lane == 0u)
        {
            uint digit = 0u;
            while (digit < DIGITS - 1u && rank >= counts[digit])
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
