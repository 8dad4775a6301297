namespace Diffusion.Runtime.Models.Safetensors;

/// <summary>
/// Writes all elements of one tensor, row-major, into <paramref name="destination"/>, which is not zeroed beforehand.
/// </summary>
/// <param name="destination">Exactly the tensor's elements; valid during the call only.</param>
public delegate void TensorFill(Span<float> destination);
