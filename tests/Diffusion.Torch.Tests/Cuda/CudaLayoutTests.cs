using System.Runtime.InteropServices;
using Diffusion.Torch.Cuda;

namespace Diffusion.Torch.Tests.Cuda;

/// <summary>The structures and constants against cuda.h, as the CUDA Driver API reference has it.</summary>
[Collection(FakeCudaTests.Name)]
public sealed class CudaLayoutTests
{
    // Of cuda.h on 64 bits: sizeof and offsetof in the order of fake_layout.
    private static readonly int[] _documented =
    [
        104, 0, 8, 8, 16, 24, 32,
        88, 0, 8, 16,
        96, 0, 8, 8, 16, 24,
        144, 0, 72,
    ];

    [Fact]
    public void Structures_AreAsDocumented()
    {
        int[] actual =
        [
            Marshal.SizeOf<CudaMemoryHandle>(), .. Offsets<CudaMemoryHandle>(
                "Type", "Descriptor", "Windows", "Name", "Size", "Flags"),
            Marshal.SizeOf<CudaMemoryBuffer>(), .. Offsets<CudaMemoryBuffer>("Offset", "Size", "Flags"),
            Marshal.SizeOf<CudaSemaphoreHandle>(), .. Offsets<CudaSemaphoreHandle>(
                "Type", "Descriptor", "Windows", "Name", "Flags"),
            Marshal.SizeOf<CudaSignal>(), .. Offsets<CudaSignal>("Value", "Flags"),
        ];

        Assert.Equal(_documented, actual);
    }

    [SkippableFact]
    public void Structures_DeclaredInC_AreLaidOutTheSame()
    {
        Assert.Equal(_documented, FakeCuda.Require(Guid.Empty).Layout().Select(value => (int)value));
    }

    [Fact]
    public void Constants_AreAsDocumented()
    {
        Assert.Equal((1, 2), (CudaMemoryHandle.OpaqueDescriptor, CudaMemoryHandle.OpaqueWindows));
        Assert.Equal(0x1u, CudaMemoryHandle.Dedicated);
        Assert.Equal((9, 10), (CudaSemaphoreHandle.TimelineDescriptor, CudaSemaphoreHandle.TimelineWindows));
    }

    [Fact]
    public void Of_Windows_HasTheWholeHandleAndNoName()
    {
        nint handle = unchecked((nint)0x1234_5678_9ABC_DEF0);
        var memory = CudaMemoryHandle.Of(handle, 77, isWindows: true);
        var timeline = CudaSemaphoreHandle.Of(handle, isWindows: true);

        Assert.Equal((2, handle, 0, 77ul, 1u), (memory.Type, memory.Windows, memory.Name, memory.Size, memory.Flags));
        Assert.Equal((10, handle, 0, 0u), (timeline.Type, timeline.Windows, timeline.Name, timeline.Flags));
    }

    [Fact]
    public void Of_Descriptor_FillsNoMoreThanItsField()
    {
        var memory = CudaMemoryHandle.Of(5, 77, isWindows: false);
        var timeline = CudaSemaphoreHandle.Of(5, isWindows: false);

        Assert.Equal((1, 5, 5, 0), (memory.Type, memory.Descriptor, memory.Windows, memory.Name));
        Assert.Equal((9, 5, 5, 0), (timeline.Type, timeline.Descriptor, timeline.Windows, timeline.Name));
    }

    private static IEnumerable<int> Offsets<T>(params string[] fields) =>
        fields.Select(field => (int)Marshal.OffsetOf<T>(field));
}
