using Silk.NET.Vulkan;

namespace Diffusion.Render.Devices.Memory;

/// <summary>What memory a buffer or an image asks for.</summary>
/// <param name="Requirements">Size, alignment, types.</param>
/// <param name="WantsItsOwn">Whether the driver requires or prefers an allocation for this resource alone.</param>
/// <param name="Own">What such an allocation is chained with.</param>
/// <param name="Name">The resource's name.</param>
internal readonly unsafe record struct MemoryRequest(
    MemoryRequirements Requirements, bool WantsItsOwn, MemoryDedicatedAllocateInfo Own, string Name)
{
    public bool IsImage => Own.Image.Handle != 0;

    public static MemoryRequest Of(VulkanDevice device, Silk.NET.Vulkan.Buffer buffer, string name)
    {
        var info = new BufferMemoryRequirementsInfo2
        {
            SType = StructureType.BufferMemoryRequirementsInfo2,
            Buffer = buffer,
        };
        var dedicated = new MemoryDedicatedRequirements { SType = StructureType.MemoryDedicatedRequirements };
        var requirements = new MemoryRequirements2 { SType = StructureType.MemoryRequirements2, PNext = &dedicated };
        device.Api.GetBufferMemoryRequirements2(device.Handle, &info, &requirements);
        return Create(requirements, dedicated, new MemoryDedicatedAllocateInfo { Buffer = buffer }, name);
    }

    public static MemoryRequest Of(VulkanDevice device, Image image, string name)
    {
        var info = new ImageMemoryRequirementsInfo2
        {
            SType = StructureType.ImageMemoryRequirementsInfo2,
            Image = image,
        };
        var dedicated = new MemoryDedicatedRequirements { SType = StructureType.MemoryDedicatedRequirements };
        var requirements = new MemoryRequirements2 { SType = StructureType.MemoryRequirements2, PNext = &dedicated };
        device.Api.GetImageMemoryRequirements2(device.Handle, &info, &requirements);
        return Create(requirements, dedicated, new MemoryDedicatedAllocateInfo { Image = image }, name);
    }

    private static MemoryRequest Create(
        in MemoryRequirements2 requirements, in MemoryDedicatedRequirements dedicated, MemoryDedicatedAllocateInfo own,
        string name)
        => new(
            requirements.MemoryRequirements,
            dedicated.RequiresDedicatedAllocation || dedicated.PrefersDedicatedAllocation,
            own with { SType = StructureType.MemoryDedicatedAllocateInfo }, name);
}
