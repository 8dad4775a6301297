#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(location = 0) in vec3 position;

layout(push_constant) uniform Draw { mat4 model; } draw;

void main()
{
    gl_Position = scene.lightViewProjection * (draw.model * vec4(position, 1.0));
}
