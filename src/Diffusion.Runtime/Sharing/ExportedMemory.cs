using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Diffusion.Runtime.Sharing;

/// <summary>
/// Memory for a whole <see cref="SampleRing"/> and a timeline semaphore, exported by one API on a device for another
/// on the same device to write and to signal.
/// </summary>
/// <remarks>
/// Opaque descriptors on Linux, opaque NT handles on Windows; the memory is a dedicated allocation, the timeline stands
/// at 0. The exporter owns the handles and closes them when the importer has returned. A descriptor that an import
/// consumed is marked invalid by the importer (<see cref="SafeHandle.SetHandleAsInvalid"/>), and so not closed twice.
/// </remarks>
public sealed class ExportedMemory
{
    /// <summary>The memory.</summary>
    public required SafeFileHandle Memory { get; init; }

    /// <summary>Size of the whole allocation in bytes, at least that of the ring.</summary>
    public required long SizeInBytes { get; init; }

    /// <summary>The timeline semaphore.</summary>
    public required SafeFileHandle Timeline { get; init; }
}
