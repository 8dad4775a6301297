#version 460
// One quad a glyph or rectangle, pulled from a buffer by the instance's number.
struct Quad
{
    vec2 position;      // pixels, from the top left
    vec2 size;
    uint colour;        // RGBA8, sRGB-encoded
    uint glyph;         // index into the font, or Solid
};

layout(set = 0, binding = 0, std430) readonly buffer Quads { Quad quads[]; };

layout(push_constant) uniform Push { vec2 extent; } push;

layout(location = 0) out vec2 cell;
layout(location = 1) out flat uint glyph;
layout(location = 2) out flat vec4 tint;

const vec2 CellSize = vec2(6.0, 10.0);

vec3 decodeSrgb(vec3 c)
{
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), greaterThan(c, vec3(0.04045)));
}

void main()
{
    Quad quad = quads[gl_InstanceIndex];
    vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1);
    vec4 encoded = unpackUnorm4x8(quad.colour);
    cell = corner * CellSize;
    glyph = quad.glyph;
    tint = vec4(decodeSrgb(encoded.rgb), encoded.a);
    gl_Position = vec4((((quad.position + (corner * quad.size)) / push.extent) * 2.0) - 1.0, 0.0, 1.0);
}
