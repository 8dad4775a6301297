using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_statistics</c>: sums since the runtime was created.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeStatistics
{
    /// <summary>Bytes of <see cref="Backend"/>.</summary>
    public const int BackendLength = 32;

    /// <summary>Bytes of <see cref="Device"/>.</summary>
    public const int DeviceLength = 224;

    public uint StructSize;
    public uint StructVersion;
    public ulong Ticks;
    public ulong Slices;
    public ulong Steps;
    public ulong TexturesSubmitted;
    public ulong TexturesCompleted;
    public ulong TexturesFailed;
    public ulong TexturesLive;
    public ulong TicksOverBudget;
    public double WorstOverrunMs;
    public double BudgetMs;
    public double TakenMs;
    public ulong ImagesConverted;
    public ulong BytesCopied;
    public ulong TickAllocatedBytes;
    public ulong GcCollections;
    public uint Sharing;
    public uint Reserved;
    public fixed byte Backend[BackendLength];
    public fixed byte Device[DeviceLength];
}
