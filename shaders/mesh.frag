#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(set = 0, binding = 1) uniform sampler2DShadow shadowMap;
layout(set = 1, binding = 0) uniform sampler2D albedoMap;

layout(location = 0) in vec3 worldPosition;
layout(location = 1) in vec3 worldNormal;
layout(location = 2) in vec2 textureUv;

layout(location = 0) out vec4 colour;

layout(push_constant) uniform Draw
{
    mat4 model;
    vec4 tint;          // rgb, relief
    vec4 parameters;    // uv scale, gloss
} draw;

const float Pi = 3.14159265;

float luminance(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }

// Takes the texture's brightness for its height and tilts the normal along the height's screen-space gradient.
vec3 relief(vec3 normal, float height)
{
    vec3 dx = dFdx(worldPosition);
    vec3 dy = dFdy(worldPosition);
    vec2 uvDx = dFdx(textureUv);
    vec2 uvDy = dFdy(textureUv);
    float heightDx = luminance(texture(albedoMap, textureUv + uvDx).rgb) - height;
    float heightDy = luminance(texture(albedoMap, textureUv + uvDy).rgb) - height;
    vec3 r1 = cross(dy, normal);
    vec3 r2 = cross(normal, dx);
    float area = dot(dx, r1);
    vec3 gradient = sign(area) * ((heightDx * r1) + (heightDy * r2)) * draw.tint.w;
    return normalize((abs(area) * normal) - gradient);
}

float lit(vec3 normal)
{
    vec4 light = scene.lightViewProjection * vec4(worldPosition + (normal * 0.02), 1.0);
    vec2 uv = (light.xy * 0.5) + 0.5;
    if (any(lessThan(uv, vec2(0.0))) || any(greaterThan(uv, vec2(1.0))))
    {
        return 1.0;
    }

    float sum = 0.0;
    for (int y = -1; y <= 1; y++)
    {
        for (int x = -1; x <= 1; x++)
        {
            sum += texture(shadowMap, vec3(uv + (vec2(x, y) * 1.5 * scene.extent.w), light.z - 0.0015));
        }
    }

    return sum / 9.0;
}

// Narkowicz's fit of the ACES film curve.
vec3 toneMap(vec3 c)
{
    return clamp((c * ((2.51 * c) + 0.03)) / ((c * ((2.43 * c) + 0.59)) + 0.14), 0.0, 1.0);
}

void main()
{
    vec3 albedo = texture(albedoMap, textureUv).rgb;
    vec3 geometric = normalize(worldNormal);
    vec3 normal = draw.tint.w > 0.0 ? relief(geometric, luminance(albedo)) : geometric;
    albedo *= draw.tint.rgb;
    float gloss = draw.parameters.y;

    vec3 toCamera = normalize(scene.cameraPosition.xyz - worldPosition);
    vec3 toLight = scene.lightDirection.xyz;
    vec3 halfway = normalize(toCamera + toLight);
    float nl = max(dot(normal, toLight), 0.0);
    float shadow = dot(geometric, toLight) > 0.0 ? lit(geometric) : 0.0;

    // Hemisphere ambient, and a little of the floor's bounce; normalised Blinn-Phong with Schlick's Fresnel.
    vec3 ambient = mix(scene.groundColour.rgb, scene.skyColour.rgb, (normal.y * 0.5) + 0.5);
    float fresnel = 0.04 + (0.96 * pow(1.0 - max(dot(normal, toCamera), 0.0), 5.0));
    float power = exp2(2.0 + (9.0 * gloss));
    float lobe = pow(max(dot(normal, halfway), 0.0), power) * (power + 8.0) / 8.0;
    float halfFresnel = 0.04 + (0.96 * pow(1.0 - max(dot(halfway, toCamera), 0.0), 5.0));

    vec3 reflected = reflect(-toCamera, normal);
    vec3 environment = mix(scene.groundColour.rgb, scene.skyColour.rgb, smoothstep(-0.4, 0.7, reflected.y));
    vec3 direct = scene.lightColour.rgb * nl * shadow;
    vec3 light = albedo * (direct + ambient);
    light += direct * lobe * halfFresnel * gloss;
    light += environment * fresnel * gloss * 0.7;

    float distance = length(scene.cameraPosition.xyz - worldPosition);
    float fog = 1.0 - exp(-pow(distance * scene.extent.z, 3.0));
    vec3 mapped = toneMap(light);
    colour = vec4(dither(mix(mapped, backdrop(gl_FragCoord.xy), fog), gl_FragCoord.xy), 1.0);
}
