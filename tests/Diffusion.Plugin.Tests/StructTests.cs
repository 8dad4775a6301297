using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>Hosts that were built with another header than the library.</summary>
public sealed unsafe class StructTests
{
    [Fact]
    public void Read_SmallerStruct_LeavesTheRestAtItsDefault()
    {
        NativeRequest request = Host.Request();
        request.StructSize = 24;
        request.Priority = 5;
        NativeRequest read = StructCopy.Read<NativeRequest>(&request, "diffusion_request");
        Assert.Equal(request.Width, read.Width);
        Assert.Equal(0, read.Priority);
    }

    [Fact]
    public void Read_LargerStruct_IsTakenWhileWhatIsUnknownIsZero()
    {
        byte* memory = stackalloc byte[sizeof(NativeModelInfo) + 8];
        new Span<byte>(memory, sizeof(NativeModelInfo) + 8).Clear();
        *(NativeModelInfo*)memory = C.Init<NativeModelInfo>();
        ((NativeModelInfo*)memory)->StructSize += 8;
        ((NativeModelInfo*)memory)->Stride = 3;
        Assert.Equal(3, StructCopy.Read<NativeModelInfo>(memory, "diffusion_model_info").Stride);
        memory[sizeof(NativeModelInfo) + 7] = 1;
        ResultCode code = Assert.Throws<PluginException>(
            () => StructCopy.Read<NativeModelInfo>(memory, "diffusion_model_info")).Code;
        Assert.Equal(ResultCode.ErrorUnsupported, code);
    }

    [Fact]
    public void Write_SmallerStruct_DoesNotTouchWhatLiesBehind()
    {
        NativeStatistics target = C.Init<NativeStatistics>();
        target.StructSize = 24;
        target.Steps = 77;
        StructCopy.Write(new NativeStatistics { Ticks = 1, Slices = 2, Steps = 3 }, &target);
        Assert.Equal(1u, target.Ticks);
        Assert.Equal(2u, target.Slices);
        Assert.Equal(77u, target.Steps);
        Assert.Equal(24u, target.StructSize);
    }

    [Fact]
    public void Write_LargerStruct_ZeroesWhatIsUnknown()
    {
        byte* memory = stackalloc byte[sizeof(NativeModelInfo) + 8];
        new Span<byte>(memory, sizeof(NativeModelInfo) + 8).Fill(9);
        *(NativeModelInfo*)memory = C.Init<NativeModelInfo>();
        ((NativeModelInfo*)memory)->StructSize += 8;
        StructCopy.Write(new NativeModelInfo { Stride = 4 }, memory);
        Assert.Equal(4, ((NativeModelInfo*)memory)->Stride);
        Assert.Equal(0u, *(ulong*)(memory + sizeof(NativeModelInfo)));
    }

    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(8u, 1u)]
    [InlineData(20u, 1u)]
    [InlineData(uint.MaxValue, 1u)]
    [InlineData(24u, 0u)]
    [InlineData(24u, 2u)]
    public void Check_WrongHeader_IsAnInvalidArgument(uint size, uint version)
    {
        NativeModelInfo* info = stackalloc NativeModelInfo[1];
        info->StructSize = size;
        info->StructVersion = version;
        ResultCode code = Assert.Throws<PluginException>(
            () => StructCopy.Check<NativeModelInfo>(info, "diffusion_model_info")).Code;
        Assert.Equal(ResultCode.ErrorInvalidArgument, code);
    }
}
