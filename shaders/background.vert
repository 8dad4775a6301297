#version 460
// One triangle that covers what is left of the frame, just before the far plane.
void main()
{
    vec2 corner = vec2((gl_VertexIndex << 1) & 2, gl_VertexIndex & 2);
    gl_Position = vec4((corner * 2.0) - 1.0, 0.9999999, 1.0);
}
