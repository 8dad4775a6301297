using Diffusion.Render.Compute.Network;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Compute.Sampling;
using Diffusion.Runtime.Backends;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;

namespace Diffusion.Render.Compute;

/// <summary>What a network takes on a device; asked before anything is made.</summary>
/// <param name="WeightBytes">Weights, once a backend; device-local.</param>
/// <param name="ActivationBytes">Once a session, the peak of one evaluation with its input and output;
/// device-local.</param>
/// <param name="SampleBytes">The ring of x_t and clean estimates with what a chain starts from, once a session;
/// device-local.</param>
/// <param name="TransferBytes">Time and class of evaluations in flight, what a chain starts from, and the mask of a second
/// class, once a session; visible to the host.</param>
public readonly record struct ComputeMemory(
    long WeightBytes, long ActivationBytes, long SampleBytes, long TransferBytes)
{
    /// <summary>Computes it; needs no device and no weights.</summary>
    /// <param name="config">The network.</param>
    /// <param name="session">The shape.</param>
    /// <param name="precision">How matrices and activations are kept.</param>
    /// <exception cref="ArgumentException">The configuration or the size cannot be served.</exception>
    public static ComputeMemory Of(
        UNetConfig config, SessionOptions session, StoragePrecision precision = StoragePrecision.Full)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(session);
        SessionRules.RequireServable(config);
        SessionRules.RequireSize(config, session);
        UNetStructure structure = new(config, precision);
        NetworkPlan plan = structure.Plan(
            session.Batch, session.Height, session.Width, session.Seamless, ComputeTuning.Gpu);
        return new ComputeMemory(
            structure.Weights.SizeInBytes,
            plan.ArenaSizeInBytes + plan.Input.SizeInBytes + plan.Input.Picture.Range.SizeInBytes
            + plan.OutputSizeInBytes,
            DeviceSamples.SizeOf(
                SampleRing.SizeOf(session.Width, session.Height, session.HistoryLength),
                session.Width * session.Height),
            (SampleBuffers.Entries * plan.Input.SizeInBytes)
            + DeviceSamples.UploadSizeOf(session.Width * session.Height)
            + (session.Mixed ? (long)session.Width * session.Height * sizeof(float) : 0));
    }
}
