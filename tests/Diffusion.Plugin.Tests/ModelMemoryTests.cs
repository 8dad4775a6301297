using System.Runtime.InteropServices;
using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Plugin.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>Models from the host's memory: what is checked before the model itself is.</summary>
/// <remarks>That its pixels are those of the folder, and what mutated files do, is in Native/fuzz_model.c.</remarks>
public sealed unsafe class ModelMemoryTests
{
    private static readonly string[] _names =
    [
        "model_index.json", "scheduler/scheduler_config.json", "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    ];

    [SkippableFact]
    public void LoadModel_FromMemory_IsTheModelOfTheFolder()
    {
        using var host = new Host(loadsModel: false);
        Host.Check(Load(host, _names));
        NativeModelInfo info = C.Init<NativeModelInfo>();
        Host.Check(C.GetModelInfo(host.Runtime, &info));
        Assert.Equal(12, info.ClassCount);
        byte* name = stackalloc byte[64];
        Host.Check(C.GetClassName(host.Runtime, 0, name, 64));
        using var folder = new Host();
        byte* same = stackalloc byte[64];
        Host.Check(C.GetClassName(folder.Runtime, 0, same, 64));
        Assert.Equal(Marshal.PtrToStringUTF8((nint)same), Marshal.PtrToStringUTF8((nint)name));
        host.Finish(host.Submit(Host.Request()));
    }

    [SkippableFact]
    public void LoadModel_FileMissing_NamesItAndKeepsTheModelBefore()
    {
        using var host = new Host();
        foreach (string missing in _names)
        {
            Assert.Equal(ResultCode.ErrorModel, Load(host, [.. _names.Where(name => name != missing)]));
            Assert.Contains(missing, C.LastError(), StringComparison.Ordinal);
        }

        host.Finish(host.Submit(Host.Request()));
    }

    [SkippableFact]
    public void LoadModel_WrongFileList_IsAnInvalidArgument()
    {
        using var host = new Host();
        AssertInvalid(host, "path is null", static (model, _) => model->FileCount = 0);
        AssertInvalid(host, "1024 are the most", static (model, _) => model->FileCount = ulong.MaxValue);
        AssertInvalid(host, "diffusion_model_file is null", static (model, _) => model->Files = null);
        AssertInvalid(host, "both given", static (model, files) => model->Path = files->Name);
        AssertInvalid(host, "files[1].name is null", static (_, files) => files[1].Name = null);
        AssertInvalid(host, "files[1].data is null", static (_, files) => files[1].Data = null);
        AssertInvalid(host, "2147483647 is the most", static (_, files) => files[1].Size = 1UL << 31);
        AssertInvalid(host, "the name 'model_index.json'", static (_, files) => files[1].Name = files[0].Name);
        AssertInvalid(host, "another struct_size", static (_, files) => files[1].StructSize = 24);
        AssertInvalid(host, "struct_version is 7", static (_, files) => files[1].StructVersion = 7);
        host.Finish(host.Submit(Host.Request()));
    }

    [SkippableFact]
    public void LoadModel_LargerFileStructs_AreWalkedByTheirSize()
    {
        using var host = new Host(loadsModel: false);
        Host.Check(Load(host, _names, padding: 16));
    }

    private delegate void Change(NativeModel* model, NativeModelFile* files);

    private static void AssertInvalid(Host host, string rule, Change change)
    {
        Assert.Equal(ResultCode.ErrorInvalidArgument, Load(host, _names, change: change));
        Assert.Contains(rule, C.LastError(), StringComparison.Ordinal);
    }

    private static ResultCode Load(Host host, string[] names, int padding = 0, Change? change = null)
    {
        List<GCHandle> pinned = [];
        int stride = sizeof(NativeModelFile) + padding;
        var list = new byte[stride * names.Length];
        try
        {
            fixed (byte* places = list)
            {
                for (int i = 0; i < names.Length; i++)
                {
                    byte[] bytes = File.ReadAllBytes(Path.Combine(Repository.Model, names[i]));
                    NativeModelFile file = C.Init<NativeModelFile>();
                    file.StructSize = (uint)stride;
                    file.Name = (byte*)Pin(Host.Text(names[i]));
                    file.Data = Pin(bytes);
                    file.Size = (ulong)bytes.Length;
                    *(NativeModelFile*)(places + (i * stride)) = file;
                }

                NativeModel model = C.Init<NativeModel>();
                model.FileCount = (ulong)names.Length;
                model.Files = (NativeModelFile*)places;
                change?.Invoke(&model, (NativeModelFile*)places);
                return C.LoadModel(host.Runtime, &model);
            }
        }
        finally
        {
            pinned.ForEach(handle => handle.Free());
        }

        void* Pin(byte[] bytes)
        {
            pinned.Add(GCHandle.Alloc(bytes, GCHandleType.Pinned));
            return (void*)pinned[^1].AddrOfPinnedObject();
        }
    }
}
