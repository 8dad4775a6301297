// What the conversions of a sample share: planar float32 [3, H, W] in [-1, 1] (x_t or D of one slot of a SampleRing).
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer Samples { float values[]; };

layout(push_constant) uniform Push
{
    uvec2 size;
    uint offset;    // of the red plane, in floats
} push;

bool isOutside(uvec2 pixel) { return any(greaterThanEqual(pixel, push.size)); }

vec3 sampleAt(uvec2 pixel)
{
    uint plane = push.size.x * push.size.y;
    uint index = push.offset + (pixel.y * push.size.x) + pixel.x;
    return vec3(values[index], values[index + plane], values[index + (2u * plane)]);
}
