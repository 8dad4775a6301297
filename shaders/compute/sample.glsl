// What the kernels of a chain's step are told, and the ring of samples: see StepParameters.cs. Offsets are in floats.
const uint DRAWS_NOISE = 1u;
const uint GUIDED = 2u;
const uint CLAMPED = 4u;
const uint VARIANCE_LEARNED = 8u;
const uint LANGEVIN = 16u;
const uint HAS_IMAGE = 32u;
const uint KEEPS_PIXELS = 64u;
const uint MIXED = 128u;
const uint HAS_CLASS_MASK = 256u;
const uint MATCHES_SPREAD = 512u;
const uint CHANNELS = 3u;
const uint MAX_TERMS = 8u;

layout(set = 0, binding = 2, std430) readonly restrict buffer Parameters
{
    uint flags;
    uint width;
    uint height;
    uint current;           // x_t
    uint next;              // x'
    uint denoised;          // D
    uint nullOutput;        // F for no class, in the network's output
    uint variance;          // v, in the network's output
    uint seedLow;
    uint seedHigh;
    uint originX;
    uint originY;
    uint stepNumber;
    uint chainWord;
    float skipFactor;
    float outputFactor;
    float guidance;
    float clampLimit;
    float sampleFactor;
    float denoisedFactor;
    float noiseFactor;
    float logVarianceLow;
    float logVarianceHigh;
    float langevin;
    float thresholdLimit;
    uint thresholdRank;
    float inputScale;
    uint batch;
    uint conditioningLength;
    uint termCount;
    uint termOffsets[MAX_TERMS];
    float termFactors[MAX_TERMS];
    uint variationSeedLow;
    uint variationSeedHigh;
    float ownNoise;         // factors of the two seeds' noise; the second is 0 where there is one seed
    float otherNoise;
    uint secondOutput;      // F for the second class, in the network's output
    float secondWeight;     // its share, where there is no mask
    float colourLimit;      // D is clamped to it once it has its colours
    float colourStrength;
    float spreadStrength;
    float colourMean[3];
    float colourCovariance[6];  // rr, rg, rb, gg, gb, bb
    uint image;             // what a chain starts from, and keeps
    uint mask;              // m of each pixel: 0 where it is kept
} parameters;

layout(set = 0, binding = 7, std430) buffer Ring { float ring[]; };

// The header of the scratch, then sums of each workgroup: two for a Langevin step, nine for colours.
const uint SCRATCH_SAMPLE = 0u;
const uint SCRATCH_DENOISED = 1u;
const uint SCRATCH_NOISE = 2u;
const uint SCRATCH_THRESHOLD = 3u;
const uint SCRATCH_COLOURS = 4u;    // nine of a matrix by rows, then three to add
const uint SCRATCH_SUMS = 16u;
