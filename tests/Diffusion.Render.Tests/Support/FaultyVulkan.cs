using System.Runtime.InteropServices;
using Silk.NET.Core.Contexts;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Tests.Support;

/// <summary>Vulkan's functions, with those that make something counted and, at will, one of them failing.</summary>
/// <remarks>
/// Stands between Silk.NET and the loader. One thread. The functions wrapped take at most six arguments, all integers
/// or pointers, so one signature serves them all: on the calling conventions at hand a callee ignores what it was not
/// told. </remarks>
internal sealed unsafe class FaultyVulkan : INativeContext
{
    private const int OutOfHostMemory = -1;
    private const int OutOfDeviceMemory = -2;
    private const int DeviceLost = -4;

    private static readonly string[] _otherFallible =
    [
        "vkBindBufferMemory", "vkBindImageMemory", "vkMapMemory", "vkSetDebugUtilsObjectNameEXT",
        "vkGetSwapchainImagesKHR", "vkGetMemoryHostPointerPropertiesEXT", "vkGetMemoryFdKHR",
    ];

    // What a driver answers with VK_ERROR_DEVICE_LOST.
    private static readonly string[] _losable =
    [
        "vkQueueSubmit2", "vkWaitSemaphores", "vkGetSemaphoreCounterValue", "vkDeviceWaitIdle",
        "vkAcquireNextImageKHR", "vkQueuePresentKHR",
    ];

    private static readonly nint _loader = NativeLibrary.Load(
        OperatingSystem.IsWindows() ? "vulkan-1.dll" : "libvulkan.so.1");

    private readonly Dictionary<string, nint> _wrapped = [];
    private readonly List<Delegate> _keptAlive = [];
    private readonly SortedDictionary<string, int> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, string> _made = [];
    private readonly HashSet<ulong> _named = [];
    private readonly HashSet<string> _labels = [];
    private int _callsUntilFailure;
    private bool _isLost;

    private delegate int Fallible(nint a, nint b, nint c, nint d, nint e, nint f);

    private delegate void Destroyer(nint a, nint b, nint c);

    private delegate nint Lookup(nint parent, nint name);

    /// <summary>How many handles of each kind are there now, such as "Buffer 2, Image 1".</summary>
    public string Live => string.Join(
        ", ", _live.Where(kind => kind.Value != 0).Select(kind => $"{kind.Key} {kind.Value}"));

    /// <summary>Whether the failure asked for came to pass.</summary>
    public bool HasFailed => _callsUntilFailure == 0;

    /// <summary>Handles that were made and never named, by kind.</summary>
    public IEnumerable<string> Unnamed
        => _made.Where(made => !_named.Contains(made.Key)).Select(made => made.Value).Distinct();

    /// <summary>The labels that were opened around commands.</summary>
    public IReadOnlySet<string> Labels => _labels;

    /// <summary>Whether resources want memory of their own, as some drivers say of some.</summary>
    public bool PrefersDedicatedMemory { get; init; }

    /// <summary>Size in bytes of the largest allocation that finds room.</summary>
    public ulong LargestAllocation { get; init; } = ulong.MaxValue;

    /// <summary>From now on the device is lost; it is idle, so that its objects can be destroyed.</summary>
    public void LoseDevice() => _isLost = true;

    /// <summary>Functions for one device.</summary>
    public Vk Load() => new(this);

    /// <summary>Lets a call fail, 1 the next one; -1 for none.</summary>
    public void FailAt(int call) => _callsUntilFailure = call;

    public nint GetProcAddress(string proc, int? slot = null)
        => TryGetProcAddress(proc, out nint address, slot) ? address : throw new EntryPointNotFoundException(proc);

    public bool TryGetProcAddress(string proc, out nint addr, int? slot = null)
    {
        addr = NativeLibrary.TryGetExport(_loader, proc, out nint real) ? Wrap(proc, real) : 0;
        return addr != 0;
    }

    /// <summary>Nothing: every device made with it disposes it, and the next one uses it again.</summary>
    public void Dispose()
    {
    }

    private static string KindOf(string function)
        => function.EndsWith("Pipelines", StringComparison.Ordinal) ? "Pipeline"
            : function.Replace("vkCreate", "", StringComparison.Ordinal)
                .Replace("vkDestroy", "", StringComparison.Ordinal)
                .Replace("vkAllocate", "", StringComparison.Ordinal)
                .Replace("vkFree", "", StringComparison.Ordinal);

    private nint Wrap(string name, nint real)
    {
        if (real == 0 || _wrapped.TryGetValue(name, out nint wrapped))
        {
            return real == 0 ? 0 : _wrapped[name];
        }

        bool creates = name.StartsWith("vkCreate", StringComparison.Ordinal)
            || name.StartsWith("vkAllocate", StringComparison.Ordinal);
        Delegate? wrapper = name switch
        {
            "vkGetInstanceProcAddr" or "vkGetDeviceProcAddr" => new Lookup((parent, function) => Wrap(
                Marshal.PtrToStringUTF8(function)!,
                ((delegate* unmanaged[Cdecl]<nint, nint, nint>)real)(parent, function))),
            "vkFreeMemory" => Counting(name, real),
            "vkCmdBeginDebugUtilsLabelEXT" => new Destroyer((commands, label, _) =>
            {
                _labels.Add(Marshal.PtrToStringUTF8((nint)((DebugUtilsLabelEXT*)label)->PLabelName)!);
                ((delegate* unmanaged[Cdecl]<nint, nint, void>)real)(commands, label);
            }),
            "vkGetBufferMemoryRequirements2" or "vkGetImageMemoryRequirements2" => Preferring(real),
            _ when _losable.Contains(name) => Losable(real),
            "vkDestroySurfaceKHR" => null, // the window made it
            _ when name.StartsWith("vkDestroy", StringComparison.Ordinal) => Counting(name, real),
            _ when creates || _otherFallible.Contains(name) => Failing(name, real, creates),
            _ => null,
        };
        if (wrapper is not null)
        {
            _keptAlive.Add(wrapper);
        }

        wrapped = wrapper is null ? real : Marshal.GetFunctionPointerForDelegate(wrapper);
        _wrapped.Add(name, wrapped);
        return wrapped;
    }

    private Fallible Failing(string name, nint real, bool creates)
    {
        // Sets and command buffers go with their pools.
        bool counts = creates && !name.EndsWith('s') || name.EndsWith("Pipelines", StringComparison.Ordinal);
        return (a, b, c, d, e, f) =>
        {
            if (_callsUntilFailure > 0 && --_callsUntilFailure == 0)
            {
                return OutOfHostMemory;
            }

            if (name == "vkAllocateMemory" && ((MemoryAllocateInfo*)b)->AllocationSize > LargestAllocation)
            {
                return OutOfDeviceMemory;
            }

            int result = ((delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint, nint, int>)real)(a, b, c, d, e, f);
            if (counts && result >= 0)
            {
                Count(name, 1);
            }

            if (result >= 0)
            {
                Note(name, b, name.EndsWith("Pipelines", StringComparison.Ordinal) ? f : name.EndsWith('s') ? c : d);
            }

            return result;
        };
    }

    private Fallible Losable(nint real) => (a, b, c, d, e, f) => _isLost
        ? DeviceLost
        : ((delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint, nint, int>)real)(a, b, c, d, e, f);

    private Destroyer Preferring(nint real) => (a, b, c) =>
    {
        ((delegate* unmanaged[Cdecl]<nint, nint, nint, void>)real)(a, b, c);
        var next = (MemoryDedicatedRequirements*)((MemoryRequirements2*)c)->PNext;
        if (PrefersDedicatedMemory && next is not null)
        {
            next->PrefersDedicatedAllocation = true;
        }
    };

    private void Note(string name, nint info, nint made)
    {
        switch (name)
        {
            case "vkSetDebugUtilsObjectNameEXT":
                _named.Add(((DebugUtilsObjectNameInfoEXT*)info)->ObjectHandle);
                break;
            case "vkCreateInstance" or "vkCreateDebugUtilsMessengerEXT" or "vkAllocateDescriptorSets":
                // Not of a device; and sets may live for one frame, where naming would allocate.
                break;
            case not null when name.StartsWith("vkCreate", StringComparison.Ordinal)
                || name.StartsWith("vkAllocate", StringComparison.Ordinal):
                _made[*(ulong*)made] = KindOf(name);
                break;
            default:
                break;
        }
    }

    private Destroyer Counting(string name, nint real) => (a, b, c) =>
    {
        ((delegate* unmanaged[Cdecl]<nint, nint, nint, void>)real)(a, b, c);
        bool isParent = name is "vkDestroyInstance" or "vkDestroyDevice";
        if ((isParent ? a : b) != 0)
        {
            Count(name, -1);
        }
    };

    private void Count(string name, int change)
    {
        string kind = KindOf(name);
        _live[kind] = _live.GetValueOrDefault(kind) + change;
    }
}
