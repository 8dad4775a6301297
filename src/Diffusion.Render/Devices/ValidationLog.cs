using System.Runtime.InteropServices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>Collects the warnings and errors of the validation layer. Any thread.</summary>
public sealed unsafe class ValidationLog
{
    private readonly Lock _gate = new();
    private readonly List<string> _messages = [];

    internal ValidationLog()
    {
    }

    /// <summary>The messages so far, oldest first: a snapshot.</summary>
    public IReadOnlyList<string> Messages
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages];
            }
        }
    }

    internal static DebugUtilsMessengerCreateInfoEXT MessengerInfo(GCHandle log) => new()
    {
        SType = StructureType.DebugUtilsMessengerCreateInfoExt,
        MessageSeverity =
            DebugUtilsMessageSeverityFlagsEXT.WarningBitExt | DebugUtilsMessageSeverityFlagsEXT.ErrorBitExt,
        MessageType = DebugUtilsMessageTypeFlagsEXT.ValidationBitExt | DebugUtilsMessageTypeFlagsEXT.PerformanceBitExt,
        PfnUserCallback = new PfnDebugUtilsMessengerCallbackEXT(&OnMessage),
        PUserData = (void*)GCHandle.ToIntPtr(log),
    };

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static Silk.NET.Core.Bool32 OnMessage(
        DebugUtilsMessageSeverityFlagsEXT severity,
        DebugUtilsMessageTypeFlagsEXT types,
        DebugUtilsMessengerCallbackDataEXT* data,
        void* user)
    {
        if (GCHandle.FromIntPtr((nint)user).Target is ValidationLog log)
        {
            string text = Marshal.PtrToStringUTF8((nint)data->PMessage) ?? "(no text)";
            lock (log._gate)
            {
                log._messages.Add(text);
            }
        }

        return Vk.False;
    }
}
