using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using Diffusion.Render.Devices;

namespace Diffusion.Render.Tests.Devices;

public sealed class ShaderTests
{
    private static readonly Assembly _assembly = typeof(VulkanDevice).Assembly;

    public static TheoryData<string> Shaders =>
        [.. _assembly.GetManifestResourceNames().Where(name => name.EndsWith(".spv", StringComparison.Ordinal))];

    [SkippableTheory]
    [MemberData(nameof(Shaders))]
    public async Task EmbeddedShader_SpirvVal_IsValidForVulkan13(string name)
    {
        using Stream stream = _assembly.GetManifestResourceStream(name)!;
        string file = Path.Combine(Path.GetTempPath(), $"diffusion-{Guid.NewGuid():N}.spv");
        await using (FileStream copy = File.Create(file))
        {
            await stream.CopyToAsync(copy);
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo("spirv-val", ["--target-env", "vulkan1.3", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            string error = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            Skip.If(
                error.Contains("Invalid capability operand: 6022", StringComparison.Ordinal),
                "this spirv-val does not know VK_KHR_cooperative_matrix");
            Assert.Equal((0, ""), (process.ExitCode, error));
        }
        catch (Win32Exception)
        {
            Skip.If(true, "spirv-val is not installed (Debian: spirv-tools)");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
