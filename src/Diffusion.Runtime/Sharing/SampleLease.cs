namespace Diffusion.Runtime.Sharing;

/// <summary>
/// A reader's hold on one slot of a <see cref="SampleRing"/>; it is not overwritten until given back.
/// </summary>
/// <param name="Slot">The slot held.</param>
/// <param name="Info">What the slot shows.</param>
public readonly record struct SampleLease(int Slot, SampleInfo Info);
