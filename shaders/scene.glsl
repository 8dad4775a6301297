// What all shaders of the scene share. Colours are linear light; a light's colour is its irradiance over pi, so that a
// white surface that faces it has that colour.
layout(set = 0, binding = 0, std140) uniform Scene
{
    mat4 viewProjection;
    mat4 lightViewProjection;
    vec4 cameraPosition;        // w: exposure
    vec4 lightDirection;        // towards the light
    vec4 lightColour;
    vec4 lampPosition;          // of a ball that glows; w: its radius
    vec4 lampColour;
    vec4 skyColour;
    vec4 groundColour;
    vec4 backgroundTop;
    vec4 backgroundBottom;
    vec4 extent;                // width, height, fog density per unit, shadow texel in uv
    vec4 opening;               // half the side of the square through which the sky shines, its height
} scene;

// The frame's backdrop: a vertical gradient, lit softly from the middle.
vec3 backdrop(vec2 pixel)
{
    vec2 uv = pixel / scene.extent.xy;
    vec3 colour = mix(scene.backgroundTop.rgb, scene.backgroundBottom.rgb, smoothstep(0.0, 1.0, uv.y));
    vec2 fromCentre = (uv - vec2(0.5, 0.45)) * vec2(scene.extent.x / scene.extent.y, 1.0);
    return colour * (1.25 - (0.6 * smoothstep(0.0, 1.1, length(fromCentre))));
}

// Half a step of noise hides the bands of a smooth gradient in eight bits.
vec3 dither(vec3 colour, vec2 pixel)
{
    float noise = fract(52.9829189 * fract(dot(pixel, vec2(0.06711056, 0.00583715)))) - 0.5;
    return colour + (noise * max(colour, vec3(0.004)) * 0.02);
}
