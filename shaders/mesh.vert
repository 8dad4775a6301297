#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 uv;
layout(location = 3) in float openness;

layout(location = 0) out vec3 worldPosition;
layout(location = 1) out vec3 worldNormal;
layout(location = 2) out vec3 textureUv;        // z: openness

layout(push_constant) uniform Draw
{
    mat4 model;
    vec4 tint;          // rgb, relief
    vec4 parameters;    // uv scale, roughness, metalness, emission
} draw;

void main()
{
    vec4 world = draw.model * vec4(position, 1.0);
    mat3 m = mat3(draw.model);

    // The cofactor matrix carries normals through any scaling, without an inverse.
    mat3 cofactor = mat3(cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1]));
    worldPosition = world.xyz;
    worldNormal = normalize(cofactor * normal);
    textureUv = vec3(uv * draw.parameters.x, openness);
    gl_Position = scene.viewProjection * world;
}
