#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(location = 0) out vec4 colour;

void main()
{
    colour = vec4(dither(backdrop(gl_FragCoord.xy), gl_FragCoord.xy), 1.0);
}
