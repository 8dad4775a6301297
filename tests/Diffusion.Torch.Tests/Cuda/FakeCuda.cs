using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Diffusion.Torch.Cuda;

namespace Diffusion.Torch.Tests.Cuda;

/// <summary>A stand-in for the CUDA driver, fake_cuda.c, compiled once for the process.</summary>
/// <remarks>One test at a time: its state is the process's.</remarks>
internal sealed unsafe class FakeCuda
{
    private static readonly Lazy<nint> _library = new(static () =>
    {
        CudaNative.Library = Compile("fake_cuda");
        return NativeLibrary.Load(CudaNative.Library);
    });

    private readonly nint _handle = _library.Value;

    private FakeCuda()
    {
    }

    /// <summary>The functions that were called, in order.</summary>
    public string[] Log => Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)Export("fake_log"))())!
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Contexts retained, memories, mapped buffers, timelines, and contexts current on this thread.</summary>
    public int[] Live
    {
        get
        {
            int[] counts = new int[5];
            fixed (int* first = counts)
            {
                ((delegate* unmanaged<int*, void>)Export("fake_live"))(first);
            }

            return counts;
        }
    }

    /// <summary>Puts it in the driver's place; skips the test where it cannot be compiled.</summary>
    /// <param name="device">The UUID that its device has.</param>
    public static FakeCuda Require(Guid device)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The stand-in for the CUDA driver is for Linux.");
        var fake = new FakeCuda();
        ((delegate* unmanaged<Guid*, void>)fake.Export("fake_reset"))(&device);
        return fake;
    }

    /// <summary>Compiles it.</summary>
    /// <param name="name">Of the file.</param>
    /// <param name="options">More for the compiler.</param>
    /// <returns>The file, which goes with the process.</returns>
    public static string Compile(string name, params string[] options)
    {
        string folder = Directory.CreateTempSubdirectory("diffusion-cuda-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string library = Path.Combine(folder, $"{name}.so");
        string source = Path.Combine(AppContext.BaseDirectory, "Cuda", "fake_cuda.c");
        var start = new ProcessStartInfo(
            "gcc",
            [
                "-shared", "-fPIC", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", .. options, source,
                "-o", library,
            ])
        {
            RedirectStandardError = true,
        };
        Process? compiler = null;
        try
        {
            compiler = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            Skip.If(true, $"gcc does not start: {error.Message}");
        }

        using (compiler)
        {
            string errors = compiler!.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.True(compiler.ExitCode == 0, errors);
        }

        return library;
    }

    /// <summary>What the compiler makes of the structures, in the order of fake_cuda.c.</summary>
    public nuint[] Layout()
    {
        nuint[] values = new nuint[64];
        fixed (nuint* first = values)
        {
            int count = ((delegate* unmanaged<nuint*, int, int>)Export("fake_layout"))(first, values.Length);
            return values[..count];
        }
    }

    /// <summary>Lets a function fail, 1 the next time it is called.</summary>
    public void Fail(string function, int nth, int code)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(function + '\0'))
        {
            ((delegate* unmanaged<byte*, int, int, void>)Export("fake_fail"))(name, nth, code);
        }
    }

    /// <summary>Whether copies and signals wait until it is told otherwise, as on a device that is busy.</summary>
    public void Hold(bool isHeld) => ((delegate* unmanaged<int, void>)Export("fake_hold"))(isHeld ? 1 : 0);

    private nint Export(string name) => NativeLibrary.GetExport(_handle, name);
}
