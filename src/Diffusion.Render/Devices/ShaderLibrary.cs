using System.Runtime.InteropServices;
using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices;

/// <summary>The shaders that the build compiled and embedded.</summary>
internal static unsafe class ShaderLibrary
{
    /// <summary>Creates a module.</summary>
    /// <param name="device">Device.</param>
    /// <param name="owner">Owns the module; it may go once its pipeline is made.</param>
    /// <param name="name">File name in shaders/, such as "mesh.vert".</param>
    public static ShaderModule Load(VulkanDevice device, Construction owner, string name)
    {
        using Stream stream = typeof(ShaderLibrary).Assembly.GetManifestResourceStream(name + ".spv")
            ?? throw new InvalidOperationException($"The shader {name} is not embedded in this assembly.");
        var words = new uint[stream.Length / sizeof(uint)];
        stream.ReadExactly(MemoryMarshal.AsBytes(words.AsSpan()));
        fixed (uint* code = words)
        {
            var info = new ShaderModuleCreateInfo
            {
                SType = StructureType.ShaderModuleCreateInfo,
                CodeSize = (nuint)words.Length * sizeof(uint),
                PCode = code,
            };
            ShaderModule module;
            device.Api.CreateShaderModule(device.Handle, &info, device.Allocator, &module).Check();
            return owner.Own(module, name);
        }
    }
}
