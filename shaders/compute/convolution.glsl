// What convolutions of all kinds read and write: planar [N, C, H, W] as stored.glsl keeps it. Normalisation,
// activation, concatenation with a skip and nearest-neighbour upsampling happen while the input is read; bias,
// embedding, residual and output scale while the result is written. Needs the constant HALF declared before.
layout(set = 0, binding = 0, std430) readonly restrict buffer First { uint first[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer Second { uint second[]; };
layout(set = 0, binding = 2, std430) readonly restrict buffer Weights { uint weightWords[]; };
layout(set = 0, binding = 3, std430) readonly restrict buffer Bias { float bias[]; };
layout(set = 0, binding = 4, std430) readonly restrict buffer Norm { vec2 norm[]; };
layout(set = 0, binding = 5, std430) readonly restrict buffer Embedding { float embedding[]; };
layout(set = 0, binding = 6, std430) readonly restrict buffer Residual { uint residual[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { uint target[]; };

const uint CIRCULAR = 1u;
const uint NORMED = 2u;
const uint UPSAMPLED = 4u;
const uint EMBEDDED = 8u;
const uint RESIDUAL = 16u;
const uint RESIDUAL_UPSAMPLED = 32u;

layout(push_constant) uniform Push
{
    uint flags;
    uint activation;
    uint firstChannels;
    uint secondChannels;
    uint outChannels;
    uint paddedOutChannels;
    uint outTiles;
    int inHeight;
    int inWidth;
    int outHeight;
    int outWidth;
    int padding;
    uint embeddingStride;
    float outputScale;
} push;

#include "compute/activation.glsl"
#include "compute/stored.glsl"
#include "compute/weights.glsl"

float readInput(uint batch, uint channel, int y, int x)
{
    uint channels = push.firstChannels + push.secondChannels;
    int up = (push.flags & UPSAMPLED) != 0u ? 1 : 0;
    int height = push.inHeight << up;
    int width = push.inWidth << up;
    if ((push.flags & CIRCULAR) != 0u)
    {
        // Never below -1; the tile may hang over the far edge.
        y = (y + height) % height;
        x = (x + width) % width;
    }

    if (channel >= channels || uint(y) >= uint(height) || uint(x) >= uint(width))
    {
        return 0.0;
    }

    uint row = uint(y >> up);
    uint at = wordAt(row, uint(x >> up), uint(push.inWidth));
    uint plane = planeWords(uint(push.inHeight), uint(push.inWidth));
    uint word = channel < push.firstChannels
        ? first[(((batch * push.firstChannels) + channel) * plane) + at]
        : second[(((batch * push.secondChannels) + (channel - push.firstChannels)) * plane) + at];
    float value = valueOf(word, row);
    if ((push.flags & NORMED) != 0u)
    {
        vec2 scaleAndShift = norm[(batch * channels) + channel];
        value = (scaleAndShift.x * value) + scaleAndShift.y;
    }

    return activate(value, push.activation);
}

// What the invocation adds to a pixel's sum; below the last row of an odd height is the other half of a word.
float residualAt(uint plane, int y, int x)
{
    if ((push.flags & RESIDUAL) == 0u)
    {
        return 0.0;
    }

    int up = (push.flags & RESIDUAL_UPSAMPLED) != 0u ? 1 : 0;
    uint width = uint(push.outWidth >> up);
    uint start = plane * planeWords(uint(push.outHeight >> up), width);
    return valueOf(residual[start + wordAt(uint(y >> up), uint(x >> up), width)], uint(y >> up));
}

// What a channel adds to all its pixels.
float offsetOf(uint batch, uint channel)
{
    float offset = bias[channel];
    if ((push.flags & EMBEDDED) != 0u)
    {
        offset += embedding[(batch * push.embeddingStride) + channel];
    }

    return offset;
}

// A word of the result: the sum of row y, and where words are float16 that of the row below.
void writeOutput(uint plane, float offset, int y, int x, float sum, float sumBelow)
{
    float value = sum + offset + residualAt(plane, y, x);
    float below = HALF ? sumBelow + offset + residualAt(plane, y + 1, x) : 0.0;
    target[(plane * planeWords(uint(push.outHeight), uint(push.outWidth)))
        + wordAt(uint(y), uint(x), uint(push.outWidth))] = wordOf(value / push.outputScale, below / push.outputScale);
}
