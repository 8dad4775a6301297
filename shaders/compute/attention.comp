#version 460
// softmax(Q·Kᵀ/√d)·V of every pixel to every pixel, planar [N, 3·heads·d, T] -> [N, heads·d, T]. [Vaswani17, Eq. 1]
// Keys pass by in blocks of 16 with a running maximum and sum, so that the T x T scores are never stored. A workgroup
// makes 16 queries of one head and 64 of its dimensions; wider heads repeat the scores for each 64. The order of tokens
// is that of memory, in which float16 of an odd height leaves every other value of the last row of words empty.
#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const bool HALF = false;
layout(local_size_x = 64) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { uint first[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { uint target[]; };

layout(push_constant) uniform Push
{
    uint tokens;    // empty ones included
    uint firstEmpty;
    uint heads;
    uint headWidth;
    float scale;
} push;

#include "compute/stored.glsl"

const uint QUERIES = 16;
const uint KEYS = 16;
const uint DEPTH = 16;
const uint WIDTH = 64;
const float NEVER = -3.4e38;

shared float queries[DEPTH * QUERIES];
shared float keys[DEPTH * KEYS];
shared float values[WIDTH * KEYS];
shared float scores[QUERIES * KEYS];

bool isToken(uint token)
{
    return token < push.tokens && (token < push.firstEmpty || (token & 1u) == 0u);
}

float read(uint channel, uint dimension, uint token)
{
    return dimension < push.headWidth && isToken(token)
        ? valueOf(first[(((channel + dimension) * push.tokens) + token) / ROWS], token)
        : 0.0;
}

void main()
{
    uint lane = gl_LocalInvocationIndex;
    uint batch = gl_WorkGroupID.y / push.heads;
    uint head = gl_WorkGroupID.y % push.heads;
    uint inner = push.heads * push.headWidth;
    uint query = gl_WorkGroupID.x * QUERIES;
    uint channel = (batch * 3 * inner) + (head * push.headWidth);
    uint firstDimension = gl_WorkGroupID.z * WIDTH;
    uint row = lane / 4;
    uint quarter = lane % 4;

    float sums[16];
    [[unroll]] for (uint i = 0; i < 16; i++)
    {
        sums[i] = 0.0;
    }

    float highest = NEVER;
    float total = 0.0;
    for (uint key = 0; key < push.tokens; key += KEYS)
    {
        float products[4] = float[](0.0, 0.0, 0.0, 0.0);
        for (uint depth = 0; depth < push.headWidth; depth += DEPTH)
        {
            for (uint i = lane; i < DEPTH * QUERIES; i += 64)
            {
                uint dimension = depth + (i / QUERIES);
                queries[i] = read(channel, dimension, query + (i % QUERIES));
                keys[i] = read(channel + inner, dimension, key + (i % KEYS));
            }

            barrier();
            for (uint d = 0; d < DEPTH; d++)
            {
                float q = queries[(d * QUERIES) + row];
                [[unroll]] for (uint k = 0; k < 4; k++)
                {
                    products[k] += q * keys[(d * KEYS) + (quarter * 4) + k];
                }
            }

            barrier();
        }

        [[unroll]] for (uint k = 0; k < 4; k++)
        {
            uint column = (quarter * 4) + k;
            scores[(row * KEYS) + column] = isToken(key + column) ? products[k] * push.scale : NEVER;
        }

        for (uint i = lane; i < WIDTH * KEYS; i += 64)
        {
            values[i] = read(channel + (2 * inner), firstDimension + (i / KEYS), key + (i % KEYS));
        }

        barrier();
        float blockHighest = highest;
        for (uint k = 0; k < KEYS; k++)
        {
            blockHighest = max(blockHighest, scores[(row * KEYS) + k]);
        }

        float correction = exp(highest - blockHighest);
        highest = blockHighest;
        total *= correction;
        [[unroll]] for (uint i = 0; i < 16; i++)
        {
            sums[i] *= correction;
        }

        for (uint k = 0; k < KEYS; k++)
        {
            float share = exp(scores[(row * KEYS) + k] - highest);
            total += share;
            [[unroll]] for (uint i = 0; i < 16; i++)
            {
                sums[i] += share * values[(((quarter * 16) + i) * KEYS) + k];
            }
        }

        barrier();
    }

    // By way of shared memory, so that neighbours write neighbours and a word its two values.
    [[unroll]] for (uint i = 0; i < 16; i++)
    {
        values[(((quarter * 16) + i) * QUERIES) + row] = sums[i] / total;
    }

    barrier();
    for (uint i = lane * ROWS; i < WIDTH * QUERIES; i += 64 * ROWS)
    {
        uint dimension = firstDimension + (i / QUERIES);
        uint token = query + (i % QUERIES);
        if (dimension < push.headWidth && token < push.tokens)
        {
            uint plane = (batch * inner) + (head * push.headWidth) + dimension;
            target[((plane * push.tokens) + token) / ROWS] = wordOf(values[i], values[i + ROWS - 1]);
        }
    }
}
