using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Silk.NET.Vulkan;

namespace Diffusion.Plugin.Tests.Support;

/// <summary>An engine's VkAllocationCallbacks, which count what is asked for and what is alive.</summary>
internal static unsafe class CountingAllocator
{
    private static readonly AllocationCallbacks* _callbacks = Create();
    private static int _made;
    private static int _live;

    /// <summary>Lies where it is for as long as the process.</summary>
    public static AllocationCallbacks* Callbacks => _callbacks;

    public static int Made => Volatile.Read(ref _made);

    public static int Live => Volatile.Read(ref _live);

    private static AllocationCallbacks* Create()
    {
        var callbacks = (AllocationCallbacks*)NativeMemory.AllocZeroed((nuint)sizeof(AllocationCallbacks));
        delegate* unmanaged[Cdecl]<void*, nuint, nuint, SystemAllocationScope, void*> allocate = &Allocate;
        delegate* unmanaged[Cdecl]<void*, void*, nuint, nuint, SystemAllocationScope, void*> reallocate = &Reallocate;
        delegate* unmanaged[Cdecl]<void*, void*, void> free = &Free;
        callbacks->PfnAllocation = new(allocate);
        callbacks->PfnReallocation = new(reallocate);
        callbacks->PfnFree = new(free);
        return callbacks;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* Allocate(void* user, nuint size, nuint alignment, SystemAllocationScope scope)
    {
        Interlocked.Increment(ref _made);
        Interlocked.Increment(ref _live);
        return NativeMemory.AlignedAlloc(size, alignment);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void* Reallocate(
        void* user, void* original, nuint size, nuint alignment, SystemAllocationScope scope)
    {
        if (original is null)
        {
            Interlocked.Increment(ref _live);
        }

        return NativeMemory.AlignedRealloc(original, size, alignment);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Free(void* user, void* memory)
    {
        if (memory is not null)
        {
            Interlocked.Decrement(ref _live);
            NativeMemory.AlignedFree(memory);
        }
    }
}
