#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_samplerless_texture_functions : require
#include "fade.glsl"

// To RGBA8, sRGB-encoded: the store goes through a view that does not encode.
layout(set = 0, binding = 2, rgba8) writeonly restrict uniform image2D target;

float toEncoded(float linear)
{
    return linear <= 0.0031308 ? linear * 12.92 : (1.055 * pow(linear, 1.0 / 2.4)) - 0.055;
}

void main()
{
    uvec2 pixel = gl_GlobalInvocationID.xy;
    if (isOutside(pixel))
    {
        return;
    }

    vec3 colour = mixtureAt(pixel);
    imageStore(target, ivec2(pixel), vec4(toEncoded(colour.r), toEncoded(colour.g), toEncoded(colour.b), 1.0));
}
