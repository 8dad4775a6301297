#version 460
// A 3x3 or 1x1 convolution of planar [N, C, H, W] as implicit GEMM: a workgroup makes 8x8 pixels of 8·GROUPS channels.
// Normalisation, activation, concatenation with a skip and nearest-neighbour upsampling happen while the input is read;
// bias, embedding, residual and output scale while the result is written. Each invocation keeps a column of 8 pixels of
// 8 channels in registers, so that one value read from shared memory serves 8 multiply-adds and more.
#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_ballot : require

layout(constant_id = 0) const uint GROUPS = 8;
layout(constant_id = 1) const uint KERNEL = 3;
layout(constant_id = 2) const uint STRIDE = 1;
layout(constant_id = 3) const uint CHUNK = 4;
layout(constant_id = 4) const bool HALF = false;

// Each of the 8 columns, a subgroup of their own, reads one of the 8 weights and hears the others. Pays where shared
// memory is read lane by lane (llvmpipe, whose subgroups are 8); on a GPU shared memory broadcasts as fast.
layout(constant_id = 5) const bool SUBGROUPS = false;
layout(local_size_x = 8, local_size_y_id = 0) in;

#include "compute/convolution.glsl"

const uint TILE = 8;
const uint EDGE = ((TILE - 1) * STRIDE) + KERNEL;
const uint PATCH = EDGE * EDGE;
const uint TAPS = KERNEL * KERNEL;
const uint OUTPUTS = 8 * GROUPS;

shared float inputs[CHUNK * PATCH];
shared float kernels[CHUNK * TAPS * OUTPUTS];

void loadInputs(uint batch, uint firstChannel, ivec2 corner)
{
    for (uint i = gl_LocalInvocationIndex; i < CHUNK * PATCH; i += 8 * GROUPS)
    {
        uint channel = i / PATCH;
        uint at = i % PATCH;
        inputs[i] = readInput(batch, firstChannel + channel, corner.y + int(at / EDGE), corner.x + int(at % EDGE));
    }
}

void loadKernels(uint firstChannel, uint firstOutput)
{
    uint rows = (push.firstChannels + push.secondChannels) * TAPS;
    for (uint i = gl_LocalInvocationIndex; i < CHUNK * TAPS * OUTPUTS; i += 8 * GROUPS)
    {
        uint row = (firstChannel * TAPS) + (i / OUTPUTS);
        uint column = firstOutput + (i % OUTPUTS);
        bool isInside = row < rows && column < push.paddedOutChannels;
        kernels[i] = isInside ? weightAt((row * push.paddedOutChannels) + column) : 0.0;
    }
}

void main()
{
    uint batch = gl_WorkGroupID.z / push.outTiles;
    uint firstOutput = (gl_WorkGroupID.z % push.outTiles) * OUTPUTS;
    ivec2 tile = ivec2(gl_WorkGroupID.xy * TILE);
    ivec2 corner = (tile * int(STRIDE)) - push.padding;
    uint column = gl_LocalInvocationID.x;
    uint group = gl_LocalInvocationID.y * 8;

    float sums[8][TILE];
    [[unroll]] for (uint o = 0; o < 8; o++)
    {
        [[unroll]] for (uint p = 0; p < TILE; p++)
        {
            sums[o][p] = 0.0;
        }
    }

    uint channels = push.firstChannels + push.secondChannels;
    [[dont_unroll]] for (uint chunk = 0; chunk < channels; chunk += CHUNK)
    {
        loadInputs(batch, chunk, corner);
        loadKernels(chunk, firstOutput);
        barrier();
        [[dont_unroll]] for (uint channel = 0; channel < CHUNK; channel++)
        {
            [[unroll]] for (uint kx = 0; kx < KERNEL; kx++)
            {
                float values[EDGE];
                [[unroll]] for (uint y = 0; y < EDGE; y++)
                {
                    values[y] = inputs[(channel * PATCH) + (y * EDGE) + (column * STRIDE) + kx];
                }

                [[unroll]] for (uint ky = 0; ky < KERNEL; ky++)
                {
                    uint at = (((channel * KERNEL + ky) * KERNEL + kx) * OUTPUTS) + group;
                    float mine = SUBGROUPS ? kernels[at + column] : 0.0;
                    [[unroll]] for (uint o = 0; o < 8; o++)
                    {
                        float weight = SUBGROUPS ? subgroupBroadcast(mine, o) : kernels[at + o];
                        [[unroll]] for (uint p = 0; p < TILE; p++)
                        {
                            sums[o][p] += weight * values[(p * STRIDE) + ky];
                        }
                    }
                }
            }
        }

        barrier();
    }

    int x = tile.x + int(column);
    if (x >= push.outWidth)
    {
        return;
    }

    [[unroll]] for (uint o = 0; o < 8; o++)
    {
        uint channel = firstOutput + group + o;
        if (channel < push.outChannels)
        {
            float offset = offsetOf(batch, channel);
            uint plane = (batch * push.outChannels) + channel;
            [[unroll]] for (uint p = 0; p < TILE; p += ROWS)
            {
                int y = tile.y + int(p);
                if (y < push.outHeight)
                {
                    writeOutput(plane, offset, y, x, sums[o][p], sums[o][p + ROWS - 1]);
                }
            }
        }
    }
}
