#version 460
#extension GL_GOOGLE_include_directive : require
#include "scene.glsl"

layout(set = 0, binding = 1) uniform sampler2DShadow shadowMap;
layout(set = 1, binding = 0) uniform sampler2D albedoMap;

layout(location = 0) in vec3 worldPosition;
layout(location = 1) in vec3 worldNormal;
layout(location = 2) in vec3 textureUv;         // z: openness

layout(location = 0) out vec4 colour;

layout(push_constant) uniform Draw
{
    mat4 model;
    vec4 tint;          // rgb, relief
    vec4 parameters;    // uv scale, roughness, metalness, emission
} draw;

float luminance(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }

// Takes the texture's brightness for its height and tilts the normal along the height's gradient [Mikkelsen10]. The
// difference spans a texel or a pixel, whichever is wider: the first keeps enlarged texels from showing as facets.
vec3 relief(vec3 normal, float height)
{
    vec2 uv = textureUv.xy;
    vec3 dx = dFdx(worldPosition);
    vec3 dy = dFdy(worldPosition);
    vec2 uvDx = dFdx(uv);
    vec2 uvDy = dFdy(uv);
    vec2 reach = max(1.0 / vec2(textureSize(albedoMap, 0)), abs(uvDx) + abs(uvDy));
    vec2 slope = vec2(
        luminance(texture(albedoMap, uv + vec2(reach.x, 0.0)).rgb) - height,
        luminance(texture(albedoMap, uv + vec2(0.0, reach.y)).rgb) - height) / reach;
    vec3 r1 = cross(dy, normal);
    vec3 r2 = cross(normal, dx);
    vec3 alongU = (r1 * uvDx.x) + (r2 * uvDy.x);
    vec3 alongV = (r1 * uvDx.y) + (r2 * uvDy.y);
    float facing = dot(dx, r1) < 0.0 ? -1.0 : 1.0;
    vec3 tilt = (slope.x * alongU * inversesqrt(max(dot(alongU, alongU), 1e-20)))
        + (slope.y * alongV * inversesqrt(max(dot(alongV, alongV), 1e-20)));
    return normalize(normal - (tilt * (facing * draw.tint.w)));
}

// Four taps, of four texels each, a texel and a half apart: a box of four by four that moves smoothly.
float lit(vec3 normal)
{
    vec4 light = scene.lightViewProjection * vec4(worldPosition + (normal * 0.03), 1.0);
    vec3 at = vec3((light.xy * 0.5) + 0.5, light.z - 0.001);
    vec2 near = vec2(0.8, 0.35) * scene.extent.w;
    vec2 far = vec2(-0.35, 0.8) * scene.extent.w;
    return 0.25 * (textureLod(shadowMap, at + vec3(near, 0.0), 0.0) + textureLod(shadowMap, at - vec3(near, 0.0), 0.0)
        + textureLod(shadowMap, at + vec3(far, 0.0), 0.0) + textureLod(shadowMap, at - vec3(far, 0.0), 0.0));
}

// What a ray sees from here, blurred by roughness: the sky through its opening, the lamp, or what surrounds us.
vec3 surroundings(vec3 ray, float roughness)
{
    float blur = 0.08 + (roughness * roughness);
    vec2 hit = worldPosition.xz + (ray.xz * ((scene.opening.y - worldPosition.y) / max(ray.y, 0.001)));
    float outside = max(abs(hit.x), abs(hit.y)) - scene.opening.x;
    float width = blur * scene.opening.y;
    float sky = (1.0 - smoothstep(-width, width, outside)) * smoothstep(-blur, blur, ray.y);
    vec3 seen = mix(scene.groundColour.rgb, scene.skyColour.rgb, sky);

    vec3 toLamp = scene.lampPosition.xyz - worldPosition;
    float along = max(dot(toLamp, ray), 0.0);
    float miss = sqrt(max(dot(toLamp, toLamp) - (along * along), 0.0)) / scene.lampPosition.w;
    float lamp = (1.0 - smoothstep(1.0 - blur, 1.0 + (3.0 * blur), miss)) * step(0.001, along);
    return seen + (scene.lampColour.rgb * lamp);
}

// [Karis14] The split-sum factors of f0, fitted.
vec2 environmentFactors(float roughness, float nv)
{
    vec4 r = (roughness * vec4(-1.0, -0.0275, -0.572, 0.022)) + vec4(1.0, 0.0425, 1.04, -0.04);
    float a = (min(r.x * r.x, exp2(-9.28 * nv)) * r.x) + r.y;
    return (vec2(-1.04, 1.04) * a) + r.zw;
}

// The ACES reference rendering and output transforms for sRGB displays, fitted [Hill16].
vec3 toneMap(vec3 c)
{
    const mat3 Input = mat3(
        0.59719, 0.07600, 0.02840, 0.35458, 0.90834, 0.13383, 0.04823, 0.01566, 0.83777);
    const mat3 Output = mat3(
        1.60475, -0.10208, -0.00327, -0.53108, 1.10813, -0.07276, -0.07367, -0.00605, 1.07602);
    vec3 v = Input * c;
    v = ((v * (v + 0.0245786)) - 0.000090537) / ((v * ((0.983729 * v) + 0.4329510)) + 0.238081);
    return clamp(Output * v, 0.0, 1.0);
}

void main()
{
    vec3 base = texture(albedoMap, textureUv.xy).rgb;
    vec3 geometric = normalize(worldNormal);
    vec3 normal = draw.tint.w > 0.0 ? relief(geometric, luminance(base)) : geometric;
    base *= draw.tint.rgb;
    float openness = textureUv.z;
    float roughness = draw.parameters.y;
    float metalness = draw.parameters.z;

    vec3 toCamera = normalize(scene.cameraPosition.xyz - worldPosition);
    vec3 toLight = scene.lightDirection.xyz;
    float nl = dot(normal, toLight);
    float nv = max(dot(normal, toCamera), 0.05);
    vec3 diffuse = base * (1.0 - metalness);
    vec3 f0 = mix(vec3(0.04), base, metalness);
    vec3 light = base * draw.parameters.w;

    // The light: GGX [Walter07] with the fitted visibility of [Hammon17] and Schlick's Fresnel.
    if (nl > 0.0 && dot(geometric, toLight) > 0.0)
    {
        vec3 halfway = normalize(toCamera + toLight);
        float nh = max(dot(normal, halfway), 0.0);
        float alpha = roughness * roughness;
        float d = (((nh * alpha * alpha) - nh) * nh) + 1.0;
        float distribution = (alpha * alpha) / (d * d);
        float visibility = 0.5 / mix(2.0 * nl * nv, nl + nv, alpha);
        float grazing = 1.0 - max(dot(toCamera, halfway), 0.0);
        float grazing2 = grazing * grazing;
        vec3 fresnel = f0 + ((1.0 - f0) * (grazing2 * grazing2 * grazing));
        vec3 reflectance = diffuse + (fresnel * min(distribution * visibility, 32.0));
        light += scene.lightColour.rgb * (nl * lit(geometric)) * reflectance;
    }

    // The lamp's diffuse light; its gloss is its image among the surroundings.
    vec3 toLamp = scene.lampPosition.xyz - worldPosition;
    float lampDistance2 = max(dot(toLamp, toLamp), 0.01);
    float lamp = max(dot(normal, toLamp), 0.0) * inversesqrt(lampDistance2)
        * (scene.lampPosition.w * scene.lampPosition.w) / lampDistance2;

    // What comes from all around.
    float sky = ((normal.y * 0.5) + 0.5) * openness;
    vec3 ambient = (scene.skyColour.rgb * sky) + (scene.groundColour.rgb * ((1.0 - sky) * openness));
    light += diffuse * (ambient + (scene.lampColour.rgb * (lamp * openness)));
    vec2 factors = environmentFactors(roughness, nv);
    light += ((f0 * factors.x) + factors.y) * openness * surroundings(reflect(-toCamera, normal), roughness);

    vec3 mapped = toneMap(light * scene.cameraPosition.w);
    if (scene.extent.z > 0.0)
    {
        float depth = length(scene.cameraPosition.xyz - worldPosition) * scene.extent.z;
        mapped = mix(backdrop(gl_FragCoord.xy), mapped, exp(-depth * depth * depth));
    }

    colour = vec4(dither(mapped, gl_FragCoord.xy), 1.0);
}
