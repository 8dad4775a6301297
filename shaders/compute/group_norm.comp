#version 460
// Group normalisation's statistics, folded with its weights (and the embedding's scale and shift) into one
// multiply-add per channel, which whoever reads the activations applies. One workgroup per group and sample; the
// variance is summed about the mean in a second pass, since E[x²] - E[x]² cancels in float32.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const uint THREADS = 64;
layout(constant_id = 1) const bool HALF = false;
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer First { uint first[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer Second { uint second[]; };
layout(set = 0, binding = 2, std430) readonly restrict buffer Weights { float gamma[]; };
layout(set = 0, binding = 3, std430) readonly restrict buffer Bias { float beta[]; };
layout(set = 0, binding = 4, std430) readonly restrict buffer Embedding { float embedding[]; };
layout(set = 0, binding = 7, std430) writeonly restrict buffer Target { vec2 target[]; };

layout(push_constant) uniform Push
{
    uint firstChannels;
    uint secondChannels;
    uint groupChannels;
    uint plane;     // in words
    uint pairs;     // those that hold two pixels, where they are float16
    uint pixels;
    uint hasScaleShift;
    float epsilon;
} push;

#include "compute/stored.glsl"

shared float partial[THREADS];

// A word's values less an offset; 0 where it holds but one.
vec2 read(uint batch, uint channel, uint at, float offset)
{
    uint word = channel < push.firstChannels
        ? first[(((batch * push.firstChannels) + channel) * push.plane) + at]
        : second[(((batch * push.secondChannels) + (channel - push.firstChannels)) * push.plane) + at];
    bool isPair = HALF && at < push.pairs;
    return vec2(valueOf(word, 0) - offset, isPair ? valueOf(word, 1) - offset : 0.0);
}

float sumOver(float value)
{
    uint lane = gl_LocalInvocationIndex;
    barrier();
    partial[lane] = value;
    barrier();
    for (uint half_ = THREADS / 2; half_ > 0; half_ /= 2)
    {
        if (lane < half_)
        {
            partial[lane] += partial[lane + half_];
        }

        barrier();
    }

    return partial[0];
}

void main()
{
    uint batch = gl_WorkGroupID.y;
    uint start = gl_WorkGroupID.x * push.groupChannels;
    float count = float(push.groupChannels) * float(push.pixels);

    float sum = 0.0;
    for (uint c = 0; c < push.groupChannels; c++)
    {
        for (uint i = gl_LocalInvocationIndex; i < push.plane; i += THREADS)
        {
            vec2 values = read(batch, start + c, i, 0.0);
            sum += values.x + values.y;
        }
    }

    float mean = sumOver(sum) / count;
    float squares = 0.0;
    for (uint c = 0; c < push.groupChannels; c++)
    {
        for (uint i = gl_LocalInvocationIndex; i < push.plane; i += THREADS)
        {
            vec2 centred = read(batch, start + c, i, mean);
            squares += dot(centred, centred);
        }
    }

    float deviation = 1.0 / sqrt((sumOver(squares) / count) + push.epsilon);
    uint channels = push.firstChannels + push.secondChannels;
    for (uint c = gl_LocalInvocationIndex; c < push.groupChannels; c += THREADS)
    {
        uint channel = start + c;
        float scale = gamma[channel] * deviation;
        float shift = beta[channel] - (mean * scale);
        if (push.hasScaleShift != 0u)
        {
            // [Dhariwal21, Sec. 3] AdaGN(h, y) = y_s·GroupNorm(h) + y_b, with y_s stored as its distance from 1
            float factor = 1.0 + embedding[(batch * 2 * channels) + channel];
            scale *= factor;
            shift = (shift * factor) + embedding[(batch * 2 * channels) + channels + channel];
        }

        target[(batch * channels) + channel] = vec2(scale, shift);
    }
}
