// The activation functions of act_fn, by number: see Activation.cs.
const uint ACTIVATION_NONE = 0u;
const uint ACTIVATION_SILU = 1u;
const uint ACTIVATION_MISH = 2u;
const uint ACTIVATION_GELU = 3u;
const uint ACTIVATION_RELU = 4u;

// Abramowitz and Stegun, 7.1.26: off by at most 1.5e-7.
float erf(float x)
{
    float t = 1.0 / (1.0 + (0.3275911 * abs(x)));
    float poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    float y = 1.0 - (poly * exp(-x * x));
    return x < 0.0 ? -y : y;
}

float activate(float x, uint kind)
{
    if (kind == ACTIVATION_SILU)
    {
        return x / (1.0 + exp(-x));
    }

    if (kind == ACTIVATION_MISH)
    {
        // tanh(ln(1 + e)) = (e² + 2e) / (e² + 2e + 2), and 1 where e² would overflow
        float e = exp(min(x, 20.0));
        float n = e * (e + 2.0);
        return x * (n / (n + 2.0));
    }

    if (kind == ACTIVATION_GELU)
    {
        return 0.5 * x * (1.0 + erf(x * 0.70710678118654752));
    }

    return kind == ACTIVATION_RELU ? max(x, 0.0) : x;
}
