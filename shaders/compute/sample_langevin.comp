#version 460
// From the norms of noise and score to the factors of a Langevin step, by one workgroup. [Song21SDE, Alg. 4]
#extension GL_GOOGLE_include_directive : require

// What every device takes.
const uint LANES = 128u;

layout(local_size_x = LANES) in;

#include "compute/sample.glsl"

layout(set = 0, binding = 3, std430) restrict buffer Scratch { float scratch[]; };

shared vec2 partial[LANES];

void main()
{
    uint lane = gl_LocalInvocationIndex;
    uint groups = ((parameters.width + 7u) / 8u) * ((parameters.height + 7u) / 8u);
    vec2 sum = vec2(0.0);
    for (uint i = lane; i < groups; i += LANES)
    {
        sum += vec2(scratch[SCRATCH_SUMS + (2u * i)], scratch[SCRATCH_SUMS + (2u * i) + 1u]);
    }

    partial[lane] = sum;
    barrier();
    for (uint count = LANES / 2u; count > 0u; count /= 2u)
    {
        if (lane < count)
        {
            partial[lane] += partial[lane + count];
        }

        barrier();
    }

    if (lane == 0u)
    {
        // ε = 2·(r·‖z‖/‖g‖)²; x' = x + ε·g + √(2ε)·z
        float epsilon = partial[0].y > 0.0 ? parameters.langevin * (partial[0].x / partial[0].y) : 0.0;
        scratch[SCRATCH_SAMPLE] = 1.0 + (epsilon * parameters.sampleFactor);
        scratch[SCRATCH_DENOISED] = epsilon * parameters.denoisedFactor;
        scratch[SCRATCH_NOISE] = sqrt(2.0 * epsilon);
    }
}
