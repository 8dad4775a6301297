#version 460
// Planar float32 [3, H, W] in [-1, 1] (x_t or D of one slot of a SampleRing) to RGBA8.
layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 0, std430) readonly restrict buffer Samples { float values[]; };
layout(set = 0, binding = 1, rgba8) writeonly restrict uniform image2D target;

layout(push_constant) uniform Push
{
    uvec2 size;
    uint offset;    // of the red plane, in floats
} push;

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
    if (any(greaterThanEqual(pixel, push.size)))
    {
        return;
    }

    uint plane = push.size.x * push.size.y;
    uint index = push.offset + (pixel.y * push.size.x) + pixel.x;
    vec3 colour = vec3(
        toUnorm(values[index]), toUnorm(values[index + plane]), toUnorm(values[index + (2u * plane)]));
    imageStore(target, ivec2(pixel), vec4(colour, 1.0));
}
