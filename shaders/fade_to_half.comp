#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_samplerless_texture_functions : require
#include "fade.glsl"

// To RGBA16F, linear.
layout(set = 0, binding = 2, rgba16f) writeonly restrict uniform image2D target;

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (!isOutside(pixel))
    {
        imageStore(target, ivec2(pixel), vec4(mixtureAt(pixel), 1.0));
    }
}
