#version 460
#extension GL_GOOGLE_include_directive : require
#include "planar.glsl"

// To RGBA16F, decoded to linear light; what is brighter than white stays so, within reason.
layout(set = 0, binding = 1, rgba16f) writeonly restrict uniform image2D target;

const float Brightest = 4.0;

float toLinear(float value)
{
    // As in planar_to_rgba.comp, also for NaN; the sRGB curve goes on beyond 1.
    float unit = min(max((value * 0.5) + 0.5, 0.0), Brightest);
    return unit <= 0.04045 ? unit / 12.92 : pow((unit + 0.055) / 1.055, 2.4);
}

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (isOutside(pixel))
    {
        return;
    }

    vec3 value = sampleAt(pixel);
    imageStore(target, ivec2(pixel), vec4(toLinear(value.r), toLinear(value.g), toLinear(value.b), 1.0));
}
