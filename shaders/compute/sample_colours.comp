#version 460
// From the sums of D's colours to the affine map that gives it others, by one workgroup: the host's ColourMatch in
// float32. D' = D + s·(m - μ) + s·τ·(A - 1)·(D - μ) [Pitie07]
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;

#include "compute/sample.glsl"

layout(set = 0, binding = 3, std430) restrict buffer Scratch { float scratch[]; };

const uint SUMS = 9u;
const uint SWEEPS = 6u;
const float LEAST_VARIANCE = (2.0 / 255.0) * (2.0 / 255.0);

shared float partial[9 * 64];

// The rotation in the plane of p and q that makes a_pq zero.
void rotate(inout mat3 a, inout mat3 v, int p, int q)
{
    if (a[p][q] == 0.0)
    {
        return;
    }

    float theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    float t = (theta < 0.0 ? -1.0 : 1.0) / (abs(theta) + sqrt((theta * theta) + 1.0));
    float c = 1.0 / sqrt((t * t) + 1.0);
    float s = t * c;
    mat3 r = mat3(1.0);
    r[p][p] = c;
    r[q][q] = c;
    r[q][p] = s;
    r[p][q] = -s;
    a = transpose(r) * a * r;
    v = v * r;
}

// The symmetric root of a positive matrix, and its inverse.
void root(mat3 a, out mat3 whole, out mat3 inverse_)
{
    mat3 v = mat3(1.0);
    for (uint sweep = 0u; sweep < SWEEPS; sweep++)
    {
        rotate(a, v, 0, 1);
        rotate(a, v, 0, 2);
        rotate(a, v, 1, 2);
    }

    mat3 d = mat3(0.0);
    mat3 reciprocal = mat3(0.0);
    for (int i = 0; i < 3; i++)
    {
        d[i][i] = sqrt(max(a[i][i], 0.0));
        reciprocal[i][i] = 1.0 / max(d[i][i], 1e-12);
    }

    whole = v * d * transpose(v);
    inverse_ = v * reciprocal * transpose(v);
}

mat3 symmetric(float rr, float rg, float rb, float gg, float gb, float bb)
{
    return mat3(rr, rg, rb, rg, gg, gb, rb, gb, bb);
}

// A = C^-½·(C^½·C_m·C^½)^½·C^-½
mat3 spreadMap(mat3 covariance)
{
    mat3 least = mat3(LEAST_VARIANCE);
    mat3 wanted = symmetric(
        parameters.colourCovariance[0], parameters.colourCovariance[1], parameters.colourCovariance[2],
        parameters.colourCovariance[3], parameters.colourCovariance[4], parameters.colourCovariance[5]);
    mat3 whole;
    mat3 inverse_;
    mat3 middle;
    mat3 unused;
    root(covariance + least, whole, inverse_);
    root(whole * (wanted + least) * whole, middle, unused);
    return inverse_ * middle * inverse_;
}

void main()
{
    uint lane = gl_LocalInvocationIndex;
    uint groups = ((parameters.width + 7u) / 8u) * ((parameters.height + 7u) / 8u);
    float sums[9] = float[9](0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for (uint group = lane; group < groups; group += 64u)
    {
        for (uint i = 0u; i < SUMS; i++)
        {
            sums[i] += scratch[SCRATCH_SUMS + (SUMS * group) + i];
        }
    }

    for (uint i = 0u; i < SUMS; i++)
    {
        partial[(64u * i) + lane] = sums[i];
    }

    barrier();
    for (uint count = 32u; count > 0u; count /= 2u)
    {
        if (lane < count)
        {
            for (uint i = 0u; i < SUMS; i++)
            {
                partial[(64u * i) + lane] += partial[(64u * i) + lane + count];
            }
        }

        barrier();
    }

    if (lane != 0u)
    {
        return;
    }

    float pixels = float(parameters.width * parameters.height);
    vec3 mean = vec3(partial[0], partial[64], partial[128]) / pixels;
    mat3 map = mat3(1.0);
    if ((parameters.flags & MATCHES_SPREAD) != 0u)
    {
        mat3 products = symmetric(
            partial[192], partial[256], partial[320], partial[384], partial[448], partial[512]);
        mat3 covariance = (products / pixels) - outerProduct(mean, mean);
        map += parameters.spreadStrength * (spreadMap(covariance) - mat3(1.0));
    }

    vec3 wanted = vec3(parameters.colourMean[0], parameters.colourMean[1], parameters.colourMean[2]);
    vec3 offset = mean + (parameters.colourStrength * (wanted - mean)) - (map * mean);
    for (uint row = 0u; row < CHANNELS; row++)
    {
        for (uint column = 0u; column < CHANNELS; column++)
        {
            scratch[SCRATCH_COLOURS + (3u * row) + column] = map[column][row];
        }

        scratch[SCRATCH_COLOURS + 9u + row] = offset[row];
    }
}
