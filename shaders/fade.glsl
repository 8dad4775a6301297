// What the cross-fades share: a mixture, in linear light, of the first levels of two images of the same size.
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0) uniform texture2D before;
layout(set = 0, binding = 1) uniform texture2D after;

layout(push_constant) uniform Push
{
    uvec2 size;
    float weight;   // of the image after, in [0, 1]
} push;

bool isOutside(uvec2 pixel) { return any(greaterThanEqual(pixel, push.size)); }

vec3 mixtureAt(uvec2 pixel)
{
    return mix(
        texelFetch(before, ivec2(pixel), 0).rgb, texelFetch(after, ivec2(pixel), 0).rgb, push.weight);
}
