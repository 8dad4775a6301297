using System.Runtime.InteropServices;
using Silk.NET.Core.Contexts;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>A Vulkan instance, own with the validation layer and its log when asked, or an engine's.</summary>
/// <remarks>Owned by the <see cref="VulkanDevice"/> that was created with it. One thread creates and
/// disposes.</remarks>
internal sealed unsafe class VulkanInstance : IDisposable
{
    private readonly GCHandle _logHandle;
    private readonly bool _isAdopted;
    private DebugUtilsMessengerEXT _messenger;
    private bool _disposed;

    /// <param name="extensions">Instance extensions.</param>
    /// <param name="checks">What the validation layer checks, or null to do without the layer.</param>
    /// <param name="loadApi">Loads Vulkan, or null for the loader's.</param>
    public VulkanInstance(IReadOnlyList<string> extensions, ValidationChecks? checks, Func<Vk>? loadApi)
    {
        bool enableValidation = checks is not null;
        Api = LoadApi(loadApi ?? Vk.GetApi);
        try
        {
            HasDebugUtils = enableValidation || OffersDebugUtils();
            List<string> wanted = [.. extensions];
            if (HasDebugUtils)
            {
                wanted.Add(VulkanRequirements.DebugUtilsExtension);
            }

            if (enableValidation)
            {
                RequireValidationLayer();
                wanted.Add(VulkanRequirements.ValidationFeaturesExtension);
                Validation = new ValidationLog();
                _logHandle = GCHandle.Alloc(Validation);
            }

            Handle = CreateInstance(wanted, checks ?? ValidationChecks.None);
            Functions = new ExtensionFunctions(Api, Handle);
            if (enableValidation)
            {
                DebugUtilsMessengerCreateInfoEXT info = ValidationLog.MessengerInfo(_logHandle);
                fixed (DebugUtilsMessengerEXT* messenger = &_messenger)
                {
                    Functions.CreateDebugUtilsMessenger(Handle, &info, messenger).Check("CreateDebugUtilsMessengerEXT");
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>An engine's instance, which stays the engine's.</summary>
    public VulkanInstance(EngineDevice engine)
    {
        Api = LoadApi(ProcAddressContext.Loader(engine.GetInstanceProcAddr, engine.Instance));
        _isAdopted = true;
        Handle = engine.Instance;
        Api.CurrentInstance = Handle;
        Functions = new ExtensionFunctions(Api, Handle);
        HasDebugUtils = engine.InstanceExtensions.Contains(VulkanRequirements.DebugUtilsExtension);
    }

    public Vk Api { get; }

    public Instance Handle { get; }

    public ExtensionFunctions Functions { get; } = null!;

    public ValidationLog? Validation { get; }

    /// <summary>Whether objects and passes can be named for debuggers.</summary>
    public bool HasDebugUtils { get; }

    /// <summary>The instance extensions that a window asks for.</summary>
    public static IReadOnlyList<string> SurfaceExtensions(IVkSurface window)
    {
        byte** names = window.GetRequiredExtensions(out uint count);
        var extensions = new string[count];
        for (uint i = 0; i < count; i++)
        {
            extensions[i] = Marshal.PtrToStringUTF8((nint)names[i])!;
        }

        return extensions;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_messenger.Handle != 0)
        {
            Functions.DestroyDebugUtilsMessenger(Handle, _messenger);
        }

        if (Handle.Handle != 0 && !_isAdopted)
        {
            Api.DestroyInstance(Handle, null);
        }

        if (_logHandle.IsAllocated)
        {
            _logHandle.Free();
        }

        Api.Dispose();
    }

    /// <exception cref="VulkanException">No loader.</exception>
    public static Vk LoadApi(Func<Vk> load)
    {
        try
        {
            return load();
        }
        catch (Exception error)
            when (error is FileNotFoundException or DllNotFoundException or TypeInitializationException)
        {
            throw new VulkanException(
                "The Vulkan loader is not installed (Debian: libvulkan1 and a driver such as mesa-vulkan-drivers).",
                error);
        }
    }

    private Instance CreateInstance(List<string> extensionNames, ValidationChecks checks)
    {
        using var extensions = new Utf8Strings(extensionNames);
        using var layers = new Utf8Strings(Validation is null ? [] : [VulkanRequirements.ValidationLayer]);
        using var name = new Utf8Strings(["Diffusion"]);
        var application = new ApplicationInfo
        {
            SType = StructureType.ApplicationInfo,
            PApplicationName = name.First,
            PEngineName = name.First,
            ApiVersion = Vk.MakeVersion(VulkanRequirements.VersionMajor, VulkanRequirements.VersionMinor),
        };
        ValidationFeatureEnableEXT[] enabled = FeaturesOf(checks);
        DebugUtilsMessengerCreateInfoEXT messenger =
            Validation is null ? default : ValidationLog.MessengerInfo(_logHandle);
        fixed (ValidationFeatureEnableEXT* first = enabled)
        {
            var features = new ValidationFeaturesEXT
            {
                SType = StructureType.ValidationFeaturesExt,
                PNext = &messenger,
                EnabledValidationFeatureCount = (uint)enabled.Length,
                PEnabledValidationFeatures = first,
            };
            return CreateInstance(
                &application, extensions, layers, extensionNames, Validation is null ? null : &features);
        }
    }

    private static ValidationFeatureEnableEXT[] FeaturesOf(ValidationChecks checks)
    {
        List<ValidationFeatureEnableEXT> features = [];
        if (checks.HasFlag(ValidationChecks.Synchronisation))
        {
            features.Add(ValidationFeatureEnableEXT.SynchronizationValidationExt);
        }

        if (checks.HasFlag(ValidationChecks.BestPractices))
        {
            features.Add(ValidationFeatureEnableEXT.BestPracticesExt);
        }

        if (checks.HasFlag(ValidationChecks.GpuAssisted))
        {
            features.Add(ValidationFeatureEnableEXT.GpuAssistedExt);
            features.Add(ValidationFeatureEnableEXT.GpuAssistedReserveBindingSlotExt);
        }

        return [.. features];
    }

    private Instance CreateInstance(
        ApplicationInfo* application, Utf8Strings extensions, Utf8Strings layers, List<string> extensionNames,
        void* next)
    {
        var info = new InstanceCreateInfo
        {
            SType = StructureType.InstanceCreateInfo,
            PNext = next,
            PApplicationInfo = application,
            EnabledExtensionCount = extensions.Count,
            PpEnabledExtensionNames = extensions.Pointers,
            EnabledLayerCount = layers.Count,
            PpEnabledLayerNames = layers.Pointers,
        };
        Instance instance;
        Result result = Api.CreateInstance(&info, null, &instance);
        switch (result)
        {
            case Result.ErrorIncompatibleDriver:
                throw new VulkanException(
                    "No Vulkan device: no driver is installed " +
                    "(Debian: mesa-vulkan-drivers, which includes a CPU device).");
            case Result.ErrorExtensionNotPresent:
                throw new VulkanException(
                    $"The Vulkan driver lacks one of the instance extensions {string.Join(", ", extensionNames)}.");
            default:
                result.Check("CreateInstance");
                break;
        }

        Api.CurrentInstance = instance;
        return instance;
    }

    private bool OffersDebugUtils()
    {
        uint count = 0;
        Api.EnumerateInstanceExtensionProperties((byte*)null, &count, null).Check();
        var extensions = new ExtensionProperties[count];
        fixed (ExtensionProperties* first = extensions)
        {
            Api.EnumerateInstanceExtensionProperties((byte*)null, &count, first).Check();
            for (uint i = 0; i < count; i++)
            {
                if (Marshal.PtrToStringUTF8((nint)first[i].ExtensionName) == VulkanRequirements.DebugUtilsExtension)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void RequireValidationLayer()
    {
        uint count = 0;
        Api.EnumerateInstanceLayerProperties(&count, null).Check();
        var layers = new LayerProperties[count];
        fixed (LayerProperties* first = layers)
        {
            Api.EnumerateInstanceLayerProperties(&count, first).Check();
            for (uint i = 0; i < count; i++)
            {
                if (Marshal.PtrToStringUTF8((nint)first[i].LayerName) == VulkanRequirements.ValidationLayer)
                {
                    return;
                }
            }
        }

        throw new VulkanException(
            $"{VulkanRequirements.ValidationLayer} is not installed (Debian: vulkan-validationlayers); " +
            "install it or switch validation off.");
    }
}
