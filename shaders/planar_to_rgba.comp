#version 460
#extension GL_GOOGLE_include_directive : require
#include "planar.glsl"

// To RGBA8.
layout(set = 0, binding = 1, rgba8) writeonly restrict uniform image2D target;

float toUnorm(float value)
{
    // [-1, 1] -> [0, 1]; min(max()) also turns a NaN into a number, so that it cannot spread through the mip chain.
    precise float unit = min(max((value * 0.5) + 0.5, 0.0), 1.0);

    // Rounded here and not by the store, whose rounding an implementation may choose.
    precise float scaled = unit * 255.0;
    precise float rounded = floor(scaled + 0.5);
    return rounded / 255.0;
}

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (isOutside(pixel))
    {
        return;
    }

    vec3 value = sampleAt(pixel);
    imageStore(target, ivec2(pixel), vec4(toUnorm(value.r), toUnorm(value.g), toUnorm(value.b), 1.0));
}
