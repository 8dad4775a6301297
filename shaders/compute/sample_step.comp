#version 460
// The end of a step: guidance, clean estimate, clamp, noise and the solver's linear update, one invocation per pixel,
// x_t read once and x' written once. Only thresholding, given colours and Langevin steps, which need numbers of the
// whole image before the update, go over it in passes; the noise is drawn again rather than stored.
#extension GL_GOOGLE_include_directive : require

layout(constant_id = 0) const uint WORK = 21;
layout(local_size_x = 8, local_size_y = 8) in;

const uint ESTIMATE = 1u;   // F to D, clamped unless it is thresholded
const uint SCALE = 2u;      // D into the range by the threshold
const uint UPDATE = 4u;     // x'
const uint SUMS = 8u;       // the norms that a Langevin step needs
const uint KEEP = 16u;      // the pixels that are kept, into a D that is thereby final
const uint MOMENTS = 32u;   // sums of D's colours and of their products
const uint RECOLOUR = 64u;  // D to other colours

#include "compute/sample.glsl"
#include "compute/gaussian.glsl"
#include "compute/chain_noise.glsl"

layout(set = 0, binding = 0, std430) readonly restrict buffer ClassMask { float classMask[]; };
layout(set = 0, binding = 1, std430) readonly restrict buffer NetworkOutput { float networkOutput[]; };
layout(set = 0, binding = 3, std430) restrict buffer Scratch { float scratch[]; };
layout(set = 0, binding = 4, std430) restrict buffer Failure { uint failure; };

shared vec2 partial[64];
shared float colourPartial[9 * 64];

// By their bits: compilers may assume that there are no such values.
bool isNan(float value)
{
    return (floatBitsToUint(value) & 0x7FFFFFFFu) > 0x7F800000u;
}

bool isFinite(float value)
{
    return (floatBitsToUint(value) & 0x7F800000u) != 0x7F800000u;
}

// [BarTal23] F = (1-m)·F_1 + m·F_2;  [HoSalimans22, Eq. 6] F = F_null + w·(F_class - F_null);
// [Karras22, Eq. 7] D = clamp(cSkip·x + cOut·F)
float estimate(float x, uint index, uint at)
{
    precise float f = networkOutput[at];
    if ((parameters.flags & MIXED) != 0u)
    {
        float m = (parameters.flags & HAS_CLASS_MASK) != 0u ? classMask[index] : parameters.secondWeight;
        f = ((1.0 - m) * f) + (m * networkOutput[parameters.secondOutput + at]);
    }

    if ((parameters.flags & GUIDED) != 0u)
    {
        float none = networkOutput[parameters.nullOutput + at];
        f = none + (parameters.guidance * (f - none));
    }

    precise float d = (parameters.skipFactor * x) + (parameters.outputFactor * f);
    if (isNan(d))
    {
        // A clamp may turn it into a number, which would hide it.
        atomicOr(failure, 1u);
    }

    return (parameters.flags & CLAMPED) != 0u ? min(max(d, -parameters.clampLimit), parameters.clampLimit) : d;
}

// [Saharia22, Sec. 2.3] clamp(D, -s, s)·limit/s
float scaled(float d)
{
    float threshold = scratch[SCRATCH_THRESHOLD];
    threshold = threshold > parameters.thresholdLimit ? threshold : parameters.thresholdLimit;
    float factor = isFinite(threshold) ? parameters.thresholdLimit / threshold : 1.0;
    return factor * min(max(d, -threshold), threshold);
}

// [Pitie07] B·D + c, by what sample_colours.comp made of the moments.
vec3 recoloured(vec3 d)
{
    vec3 result;
    for (uint row = 0u; row < CHANNELS; row++)
    {
        uint at = SCRATCH_COLOURS + (3u * row);
        precise float sum = scratch[SCRATCH_COLOURS + 9u + row]
            + (scratch[at] * d.x) + (scratch[at + 1u] * d.y) + (scratch[at + 2u] * d.z);
        result[row] = isNan(sum) ? sum : min(max(sum, -parameters.colourLimit), parameters.colourLimit);
    }

    return result;
}

// Nine sums of the workgroup, in a fixed order.
void sumColours(vec3 d)
{
    uint lane = gl_LocalInvocationIndex;
    float values[9] = float[9](d.x, d.y, d.z, d.x * d.x, d.x * d.y, d.x * d.z, d.y * d.y, d.y * d.z, d.z * d.z);
    for (uint i = 0u; i < 9u; i++)
    {
        colourPartial[(64u * i) + lane] = values[i];
    }

    barrier();
    for (uint count = 32u; count > 0u; count /= 2u)
    {
        if (lane < count)
        {
            for (uint i = 0u; i < 9u; i++)
            {
                colourPartial[(64u * i) + lane] += colourPartial[(64u * i) + lane + count];
            }
        }

        barrier();
    }

    if (lane < 9u)
    {
        uint group = (gl_WorkGroupID.y * gl_NumWorkGroups.x) + gl_WorkGroupID.x;
        scratch[SCRATCH_SUMS + (9u * group) + lane] = colourPartial[64u * lane];
    }
}

// [Lugmayr22, Eq. 8] on the estimate in place of x_t: D = m·D + (1-m)·image, which is either to the bit at its end.
float keep(float d, uint index, uint at)
{
    float m = ring[parameters.mask + index];
    precise float made = m * d;
    precise float kept = (1.0 - m) * ring[parameters.image + at];
    precise float sum = made + kept;
    return sum;
}

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    bool isInside = pixel.x < parameters.width && pixel.y < parameters.height;
    vec2 norms = vec2(0.0);
    vec3 estimates = vec3(0.0);
    if (isInside)
    {
        uint plane = parameters.width * parameters.height;
        uint index = (pixel.y * parameters.width) + pixel.x;
        vec4 z = vec4(0.0);
        if ((WORK & (UPDATE | SUMS)) != 0u && (parameters.flags & DRAWS_NOISE) != 0u)
        {
            z = chainNoise(pixel);
        }

        float sampleFactor = parameters.sampleFactor;
        float denoisedFactor = parameters.denoisedFactor;
        float noiseFactor = parameters.noiseFactor;
        if ((WORK & UPDATE) != 0u && (parameters.flags & LANGEVIN) != 0u)
        {
            sampleFactor = scratch[SCRATCH_SAMPLE];
            denoisedFactor = scratch[SCRATCH_DENOISED];
            noiseFactor = scratch[SCRATCH_NOISE];
        }

        for (uint channel = 0u; channel < CHANNELS; channel++)
        {
            uint at = (channel * plane) + index;
            float d = (WORK & ESTIMATE) != 0u
                ? estimate(ring[parameters.current + at], index, at)
                : ring[parameters.denoised + at];
            estimates[channel] = (WORK & SCALE) != 0u ? scaled(d) : d;
        }

        if ((WORK & RECOLOUR) != 0u)
        {
            estimates = recoloured(estimates);
        }

        for (uint channel = 0u; channel < CHANNELS; channel++)
        {
            uint at = (channel * plane) + index;
            float x = ring[parameters.current + at];
            float d = estimates[channel];
            if ((WORK & KEEP) != 0u && (parameters.flags & KEEPS_PIXELS) != 0u)
            {
                d = keep(d, index, at);
            }

            if ((WORK & (ESTIMATE | SCALE | RECOLOUR)) != 0u)
            {
                ring[parameters.denoised + at] = d;
            }

            if ((WORK & SUMS) != 0u)
            {
                float g = (sampleFactor * x) + (denoisedFactor * d);
                norms += vec2(z[channel] * z[channel], g * g);
            }

            if ((WORK & UPDATE) != 0u)
            {
                float noise = z[channel];
                if ((parameters.flags & VARIANCE_LEARNED) != 0u)
                {
                    // [Nichol21, Eq. 15] Σ = exp(v·ln β + (1 - v)·ln β̃), with v = (output + 1)/2
                    float share = 0.5 * (networkOutput[parameters.variance + at] + 1.0);
                    noise *= exp(0.5 * ((share * parameters.logVarianceHigh)
                        + ((1.0 - share) * parameters.logVarianceLow)));
                }

                // x' = a·x + c·D + s·z + Σ f_i·image_i
                precise float sum = (sampleFactor * x) + (denoisedFactor * d) + (noiseFactor * noise);
                for (uint term = 0u; term < parameters.termCount; term++)
                {
                    sum = sum + (parameters.termFactors[term] * ring[parameters.termOffsets[term] + at]);
                }

                if (!isFinite(sum))
                {
                    atomicOr(failure, 1u);
                }

                ring[parameters.next + at] = sum;
            }
        }
    }

    if ((WORK & MOMENTS) != 0u)
    {
        sumColours(estimates);
    }

    if ((WORK & SUMS) == 0u)
    {
        return;
    }

    // In a fixed order, so that the same seed gives the same bits.
    uint lane = gl_LocalInvocationIndex;
    partial[lane] = norms;
    barrier();
    for (uint count = 32u; count > 0u; count /= 2u)
    {
        if (lane < count)
        {
            partial[lane] += partial[lane + count];
        }

        barrier();
    }

    if (lane == 0u)
    {
        uint group = SCRATCH_SUMS + (2u * ((gl_WorkGroupID.y * gl_NumWorkGroups.x) + gl_WorkGroupID.x));
        scratch[group] = partial[0].x;
        scratch[group + 1u] = partial[0].y;
    }
}
