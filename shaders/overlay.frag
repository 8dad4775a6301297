#version 460
layout(set = 0, binding = 1, std430) readonly buffer Font { uvec2 glyphs[]; };

layout(location = 0) in vec2 cell;
layout(location = 1) in flat uint glyph;
layout(location = 2) in flat vec4 tint;

layout(location = 0) out vec4 colour;

const uint Solid = 0xFFFFFFFFu;
const ivec2 GlyphSize = ivec2(5, 9);
const float ShadowAlpha = 0.65;

bool inked(ivec2 pixel)
{
    if (any(lessThan(pixel, ivec2(0))) || any(greaterThanEqual(pixel, GlyphSize)))
    {
        return false;
    }

    // Six bits a row, the leftmost column in bit 4; five rows a word.
    uint rows = pixel.y < 5 ? glyphs[glyph].x : glyphs[glyph].y;
    return ((rows >> (((pixel.y % 5) * 6) + (4 - pixel.x))) & 1u) != 0u;
}

void main()
{
    if (glyph == Solid)
    {
        colour = tint;
        return;
    }

    // The cell's spare column and row take a shadow, so that text stays legible on any texture.
    ivec2 pixel = ivec2(floor(cell));
    if (inked(pixel))
    {
        colour = tint;
    }
    else if (inked(pixel - 1))
    {
        colour = vec4(0.0, 0.0, 0.0, tint.a * ShadowAlpha);
    }
    else
    {
        discard;
    }
}
