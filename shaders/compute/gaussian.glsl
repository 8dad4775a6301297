// The noise function of Diffusion.Runtime.Noise: Philox4x32-10 to the bit [Salmon11], then Box-Muller [BoxMuller58].
// Logarithm, sine and cosine are spelt out (Cephes' single-precision polynomials): Vulkan promises 2^-11 for its own
// sine.
const uint PHILOX_ROUNDS = 10u;
const uvec2 PHILOX_MULTIPLIERS = uvec2(0xD2511F53u, 0xCD9E8D57u);
const uvec2 PHILOX_WEYL = uvec2(0x9E3779B9u, 0xBB67AE85u);

uvec4 philox(uvec4 counter, uvec2 key)
{
    for (uint round_ = 0u; round_ < PHILOX_ROUNDS; round_++)
    {
        uint high0;
        uint low0;
        uint high1;
        uint low1;
        umulExtended(PHILOX_MULTIPLIERS.x, counter.x, high0, low0);
        umulExtended(PHILOX_MULTIPLIERS.y, counter.z, high1, low1);
        counter = uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
        key += PHILOX_WEYL;
    }

    return counter;
}

// (0, 1], as the host rounds it: 2^-33 at word 0, and 1 at the largest.
float toUnitInterval(uint word)
{
    precise float scaled = float(word) * (1.0 / 4294967296.0);
    precise float unit = scaled + (1.0 / 8589934592.0);
    return unit;
}

// ln of a normal number in (0, 1].
float logarithm(float x)
{
    uint bits = floatBitsToUint(x);
    float exponent = float(int(bits >> 23) - 126);
    float mantissa = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F000000u);
    bool isSmall = mantissa < 0.707106781186547524;
    exponent = isSmall ? exponent - 1.0 : exponent;
    precise float m = isSmall ? (mantissa + mantissa) - 1.0 : mantissa - 1.0;
    precise float square = m * m;
    precise float y = 7.0376836292e-2;
    y = (y * m) - 1.1514610310e-1;
    y = (y * m) + 1.1676998740e-1;
    y = (y * m) - 1.2420140846e-1;
    y = (y * m) + 1.4249322787e-1;
    y = (y * m) - 1.6668057665e-1;
    y = (y * m) + 2.0000714765e-1;
    y = (y * m) - 2.4999993993e-1;
    y = (y * m) + 3.3333331174e-1;
    y = y * m * square;
    y = y - (exponent * 2.12194440e-4);
    y = y - (0.5 * square);
    precise float sum = (m + y) + (exponent * 0.693359375);
    return sum;
}

// (cos, sin) of an angle in [0, 2π].
vec2 cosineAndSine(float angle)
{
    float quadrant = floor((angle * 0.63661977236758134) + 0.5);

    // π/2 in three parts, so that the difference is exact.
    precise float r = angle - (quadrant * 1.5703125);
    r = r - (quadrant * 4.837512969970703125e-4);
    r = r - (quadrant * 7.54978995489188216e-8);
    precise float square = r * r;
    precise float sine = ((((-1.9515295891e-4 * square) + 8.3321608736e-3) * square) - 1.6666654611e-1) * square * r;
    sine = sine + r;
    precise float cosine =
        ((((2.443315711809948e-5 * square) - 1.388731625493765e-3) * square) + 4.166664568298827e-2) * square * square;
    cosine = (cosine - (0.5 * square)) + 1.0;
    uint turn = uint(quadrant) & 3u;
    vec2 result = (turn & 1u) == 0u ? vec2(cosine, sine) : vec2(sine, cosine);
    return vec2(turn == 1u || turn == 2u ? -result.x : result.x, turn >= 2u ? -result.y : result.y);
}

vec2 boxMuller(uint word1, uint word2)
{
    precise float angle = toUnitInterval(word2) * 6.2831853071795865;
    float radius = sqrt(logarithm(toUnitInterval(word1)) * -2.0);
    return radius * cosineAndSine(angle);
}
