namespace Diffusion.Render.Tests.Support;

/// <summary>
/// Tests that share the device, one after the other: they also share its timeline and its validation log.
/// </summary>
[CollectionDefinition(Name)]
public sealed class VulkanTests : ICollectionFixture<VulkanFixture>
{
    public const string Name = "Vulkan";
}
