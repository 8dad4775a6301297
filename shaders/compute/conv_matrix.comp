#version 460
// The convolution of conv.comp on cooperative matrices: float16 inputs and weights, float32 sums. A workgroup makes
// N x 8 pixels (N x 4 where the stride is 2) of 32 channels; each of its subgroups two rows of pixels, since a word
// holds a pixel and the one below it. The input lies in shared memory with its channels innermost, so that each of the
// kernel's taps is the same matrix begun at another pixel: nothing is unfolded.
// Written for NV's extension, which glslang has had since 2019; the build turns it into KHR's (CooperativeMatrices.cs).
#pragma use_vulkan_memory_model
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_NV_cooperative_matrix : require

layout(constant_id = 0) const uint SUBGROUP = 32;
layout(constant_id = 1) const uint KERNEL = 3;

// Subgroups, each with two rows: 4, or 2 where the stride is 2, whose patch is twice as wide and high.
layout(constant_id = 2) const uint PAIRS = 4;

// A matrix of weights is M channels by K inputs, one of inputs K by N pixels; of the device's list.
layout(constant_id = 3) const uint M = 16;
layout(constant_id = 4) const uint N = 16;
layout(constant_id = 5) const uint K = 16;
layout(local_size_x_id = 0, local_size_y_id = 2) in;

const bool HALF = true;

#include "compute/convolution.glsl"

const uint STRIDE = 4 / PAIRS;
const uint OUTPUTS = 32;
const uint GROUPS = OUTPUTS / M;
const uint CHUNK = KERNEL == 1 ? 2 * K : K;
const uint TAPS = KERNEL * KERNEL;
const uint EDGE_X = ((N - 1) * STRIDE) + KERNEL;
const uint EDGE_Y = (((2 * PAIRS) - 1) * STRIDE) + KERNEL;
const uint PATCH = EDGE_X * EDGE_Y;

// 16 bytes between rows keep them aligned, as loads of matrices ask, and in different banks.
const uint PAD = 8;
const uint INPUT_PITCH = CHUNK + PAD;
const uint KERNEL_PITCH = OUTPUTS + PAD;

shared float16_t inputs[PATCH * INPUT_PITCH];
shared float16_t kernels[TAPS * CHUNK * KERNEL_PITCH];
shared float results[PAIRS * 2 * M * N];

void loadInputs(uint batch, uint firstChannel, ivec2 corner)
{
    for (uint i = gl_LocalInvocationIndex; i < CHUNK * PATCH; i += SUBGROUP * PAIRS)
    {
        uint channel = i / PATCH;
        uint at = i % PATCH;
        inputs[(at * INPUT_PITCH) + channel] = float16_t(readInput(
            batch, firstChannel + channel, corner.y + int(at / EDGE_X), corner.x + int(at % EDGE_X)));
    }
}

// Tap after tap, of each a row of outputs for every input.
void loadKernels(uint firstChannel, uint firstOutput)
{
    uint channels = push.firstChannels + push.secondChannels;
    for (uint i = gl_LocalInvocationIndex; i < TAPS * CHUNK * OUTPUTS; i += SUBGROUP * PAIRS)
    {
        uint place = i % OUTPUTS;
        uint channel = (i / OUTPUTS) / TAPS;
        uint tap = (i / OUTPUTS) % TAPS;
        uint row = ((firstChannel + channel) * TAPS) + tap;
        uint column = firstOutput + place;
        bool isInside = firstChannel + channel < channels && column < push.paddedOutChannels;
        kernels[(((tap * CHUNK) + channel) * KERNEL_PITCH) + place] =
            float16_t(isInside ? weightAt((row * push.paddedOutChannels) + column) : 0.0);
    }
}

void main()
{
    uint batch = gl_WorkGroupID.z / push.outTiles;
    uint firstOutput = (gl_WorkGroupID.z % push.outTiles) * OUTPUTS;
    ivec2 tile = ivec2(gl_WorkGroupID.xy * uvec2(N, 2 * PAIRS));
    ivec2 corner = (tile * int(STRIDE)) - push.padding;
    uint pair = gl_SubgroupID;

    fcoopmatNV<32, gl_ScopeSubgroup, M, N> sums[GROUPS][2];
    [[unroll]] for (uint group = 0; group < GROUPS; group++)
    {
        sums[group][0] = fcoopmatNV<32, gl_ScopeSubgroup, M, N>(0.0);
        sums[group][1] = fcoopmatNV<32, gl_ScopeSubgroup, M, N>(0.0);
    }

    uint channels = push.firstChannels + push.secondChannels;
    [[dont_unroll]] for (uint chunk = 0; chunk < channels; chunk += CHUNK)
    {
        loadInputs(batch, chunk, corner);
        loadKernels(chunk, firstOutput);
        barrier();
        [[dont_unroll]] for (uint tap = 0; tap < TAPS; tap++)
        {
            uint above = ((((2 * pair * STRIDE) + (tap / KERNEL)) * EDGE_X) + (tap % KERNEL)) * INPUT_PITCH;
            uint below = above + (STRIDE * EDGE_X * INPUT_PITCH);
            [[unroll]] for (uint k = 0; k < CHUNK; k += K)
            {
                fcoopmatNV<16, gl_ScopeSubgroup, K, N> pixels[2];
                coopMatLoadNV(pixels[0], inputs, above + k, STRIDE * INPUT_PITCH, true);
                coopMatLoadNV(pixels[1], inputs, below + k, STRIDE * INPUT_PITCH, true);
                [[unroll]] for (uint group = 0; group < GROUPS; group++)
                {
                    fcoopmatNV<16, gl_ScopeSubgroup, M, K> weights;
                    uint at = (((tap * CHUNK) + k) * KERNEL_PITCH) + (group * M);
                    coopMatLoadNV(weights, kernels, at, KERNEL_PITCH, true);
                    sums[group][0] = coopMatMulAddNV(weights, pixels[0], sums[group][0]);
                    sums[group][1] = coopMatMulAddNV(weights, pixels[1], sums[group][1]);
                }
            }
        }

        barrier();
    }

    // Only shared memory tells which value of a matrix is whose. A subgroup's part of it is its own.
    uint start = pair * 2 * M * N;
    int y = tile.y + int(2 * pair);
    [[unroll]] for (uint group = 0; group < GROUPS; group++)
    {
        coopMatStoreNV(sums[group][0], results, start, N, false);
        coopMatStoreNV(sums[group][1], results, start + (M * N), N, false);
        subgroupBarrier();
        for (uint i = gl_SubgroupInvocationID; i < M * N; i += SUBGROUP)
        {
            uint channel = firstOutput + (group * M) + (i / N);
            int x = tile.x + int(i % N);
            if (channel < push.outChannels && x < push.outWidth && y < push.outHeight)
            {
                uint plane = (batch * push.outChannels) + channel;
                writeOutput(
                    plane, offsetOf(batch, channel), y, x, results[start + i], results[start + (M * N) + i]);
            }
        }

        subgroupBarrier();
    }
}
