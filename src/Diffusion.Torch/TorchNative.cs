using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Diffusion.Torch;

/// <summary>
/// Loads libtorch from the one folder in which it stands, before TorchSharp looks for it in its own way.
/// </summary>
/// <remarks>
/// The first use of any type of this assembly loads it; code that meets TorchSharp before that calls
/// <see cref="Load"/> first. The build puts libtorch into <c>artifacts/libtorch/&lt;variant&gt;</c> once for all
/// projects, and this assembly remembers that place for projects elsewhere that refer to it; publishing an application
/// copies the folder to <c>libtorch/&lt;variant&gt;</c> beside it. Any thread.
/// </remarks>
public static class TorchNative
{
    /// <summary>
    /// Environment variable: the library folder of an installed PyTorch (<c>torch/lib</c>) to use instead, or a copy of
    /// the folder that the build makes.
    /// </summary>
    public const string OverrideVariable = "DIFFUSION_LIBTORCH";

    /// <summary>
    /// <see cref="AppContext"/> switch, off by default: the process has the machine to itself, so that libtorch's
    /// workers keep to a core each and spin for a moment between layers. Set it before the first use of any other
    /// member of this assembly.
    /// </summary>
    /// <remarks>For training and evaluation, on Linux. OpenMP's variables that the user set come first.</remarks>
    public const string ThroughputSwitch = "Diffusion.Torch.Throughput";

    /// <summary>The PyTorch whose libraries fit; asking TorchSharp for it would load them.</summary>
    internal const string LibTorchVersion = "2.10.0";

    private static readonly Lock _gate = new();
    private static nint _libTorchSharp;

    /// <summary>
    /// The variant this build was made for: <c>cpu</c>, <c>cuda-windows</c>, <c>cuda-linux</c> or <c>none</c>.
    /// </summary>
    public static string Variant { get; } = Metadata("TorchVariant") ?? "cpu";

    private static string Prefix => OperatingSystem.IsWindows() ? "" : "lib";

    private static string Extension => OperatingSystem.IsWindows() ? ".dll" : ".so";

    private static string LibTorchSharpFile => $"{Prefix}LibTorchSharp{Extension}";

    /// <summary>Loads libtorch and LibTorchSharp; a second call does nothing.</summary>
    /// <exception cref="DllNotFoundException">A folder or library is missing or does not load; the message names
    /// it.</exception>
    public static void Load()
    {
        lock (_gate)
        {
            if (_libTorchSharp != 0)
            {
                return;
            }

            ChooseManners();
            string folder = FindFolder();
            string? installed = Environment.GetEnvironmentVariable(OverrideVariable);
            if (!string.IsNullOrEmpty(installed))
            {
                PreloadInstalled(installed);
            }
            else if (Variant == "none")
            {
                throw new DllNotFoundException(
                    $"This build has no libtorch (TorchVariant none): " +
                    $"set {OverrideVariable} to the lib folder of PyTorch {LibTorchVersion}.");
            }

            // Libraries that are in memory answer to their names afterwards, so TorchSharp's own search finds this one.
            _libTorchSharp = LoadLibrary(Path.Combine(folder, LibTorchSharpFile));
            TorchLog.HideWarnings(_libTorchSharp);
        }
    }

    // TorchSharp probes by NativeLibrary.TryLoad, which asks no resolver, and copies 490 MB about when that fails:
    // libtorch must be in memory before. A failure is kept for the constructors, whose Load throws it without a
    // wrapper.
#pragma warning disable CA2255
    [ModuleInitializer]
    internal static void LoadEarly()
    {
        try
        {
            Load();
        }
        catch (DllNotFoundException)
        {
        }
    }
#pragma warning restore CA2255

    private static void ChooseManners()
    {
        NativeMemory.KeepFreed();

        // oneDNN keeps 1024 compiled convolutions, those of 40 shapes of texture, and memory freed between them comes to
        // hundreds of MB. 256 are enough for ten shapes at a time; one that comes back after others costs 6 ms.
        NativeEnvironment.SetDefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "256");
        if (AppContext.TryGetSwitch(ThroughputSwitch, out bool isOn) && isOn)
        {
            OpenMpWaiting.Spin();
        }
        else
        {
            OpenMpWaiting.Sleep();
        }
    }

    private static string FindFolder()
    {
        string relative = Path.Combine("libtorch", Variant);
        string? named = Environment.GetEnvironmentVariable(OverrideVariable);
        string? found = Candidates(named, relative)
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, LibTorchSharpFile)));
        return found ?? throw new DllNotFoundException(
            $"{LibTorchSharpFile} is missing: no folder '{relative}' in or above {AppContext.BaseDirectory} has it. " +
            $"Building src/Diffusion.Torch makes 'artifacts/{relative}', and 'dotnet publish' copies it beside the " +
            $"application; or set {OverrideVariable} to a copy of that folder.");
    }

    private static IEnumerable<string> Candidates(string? named, string relative)
    {
        if (!string.IsNullOrEmpty(named))
        {
            yield return named;
        }

        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            yield return Path.Combine(at.FullName, relative);
        }

        // Where this assembly was built: a project elsewhere on the developer's machine refers to it.
        if (Metadata("LibTorchFolder") is { } built)
        {
            yield return built;
        }
    }

    private static string? Metadata(string key) => typeof(TorchNative).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(attribute => attribute.Key == key)?.Value;

    private static void PreloadInstalled(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new DllNotFoundException($"{OverrideVariable} names the folder '{folder}', which does not exist.");
        }

        // In the order of their dependencies; a CPU build of PyTorch has no CUDA libraries.
        string[] required = ["c10", "torch_cpu", "torch"];
        string[] optional = ["c10_cuda", "torch_cuda"];
        foreach (string name in required[..2].Concat(optional).Append(required[2]))
        {
            string path = Path.Combine(folder, $"{Prefix}{name}{Extension}");
            if (File.Exists(path))
            {
                LoadLibrary(path);
            }
            else if (required.Contains(name))
            {
                throw new DllNotFoundException(
                    $"{OverrideVariable} names the folder '{folder}', which lacks {Path.GetFileName(path)}: " +
                    $"it must be the lib folder of PyTorch {LibTorchVersion}.");
            }
        }
    }

    private static nint LoadLibrary(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            // The runtime explains itself over several lines; the loader's own words come last.
            string reason = error.Message.TrimEnd().Split('\n')[^1];
            string? installed = Environment.GetEnvironmentVariable(OverrideVariable);
            string rule = string.IsNullOrEmpty(installed)
                ? ""
                : $"; {OverrideVariable} names '{installed}', " +
                    $"which must be the lib folder of PyTorch {LibTorchVersion}";
            throw new DllNotFoundException($"'{path}' does not load: {reason}{rule}.", error);
        }
    }
}
