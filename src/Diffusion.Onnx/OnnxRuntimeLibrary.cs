using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Diffusion.Onnx;

/// <summary>Finds and loads ONNX Runtime's native library.</summary>
/// <remarks>
/// Looked for beside the application, where building one that refers to this assembly puts it, and in the folders in
/// which the package Microsoft.ML.OnnxRuntime has it. An application that has used ONNX Runtime before keeps the
/// library that it loaded. Any thread.
/// </remarks>
public static class OnnxRuntimeLibrary
{
    /// <summary>Environment variable: the library to use instead, or the folder that it is in.</summary>
    public const string OverrideVariable = "DIFFUSION_ONNXRUNTIME";

    // What ONNX Runtime's assembly asks for.
    private const string ImportedName = "onnxruntime";

    private static readonly Lock _gate = new();
    private static nint _library;
    private static bool _isForeign;

    /// <summary>The library's file name on this system.</summary>
    public static string FileName => OperatingSystem.IsWindows() ? "onnxruntime.dll"
        : OperatingSystem.IsMacOS() ? "libonnxruntime.dylib"
        : "libonnxruntime.so";

    /// <summary>Whether the library is there; it is not loaded.</summary>
    public static bool IsPresent => Candidates(null).Any(File.Exists);

    /// <summary>Loads the library; a second call does nothing.</summary>
    /// <param name="folder">Where to look first, unless <see cref="OverrideVariable"/> is set; null for nowhere
    /// else.</param>
    /// <exception cref="DllNotFoundException">It is missing or does not load; the message names it.</exception>
    public static void Load(string? folder = null)
    {
        lock (_gate)
        {
            if (_library != 0 || _isForeign)
            {
                return;
            }

            string[] candidates = Candidates(folder);
            string path = candidates.FirstOrDefault(File.Exists) ?? throw new DllNotFoundException(
                $"{FileName} is missing: there is none in "
                + $"{string.Join(" or ", candidates.Select(Path.GetDirectoryName).Distinct())}. "
                + "The NuGet package Microsoft.ML.OnnxRuntime has it; "
                + $"{OverrideVariable} may name the library or its folder.");
            try
            {
                _library = NativeLibrary.Load(path);
            }
            catch (DllNotFoundException error)
            {
                // The runtime explains itself over several lines; the loader's own words come last.
                throw new DllNotFoundException(
                    $"'{path}' does not load: {error.Message.TrimEnd().Split('\n')[^1]}", error);
            }

            // Before the first use of the assembly, whose own search would ask for the library by a name that a loaded
            // one does not answer to.
            OrtEnv.DisableDllImportResolver = true;
            try
            {
                NativeLibrary.SetDllImportResolver(typeof(OrtEnv).Assembly, Resolve);
            }
            catch (InvalidOperationException)
            {
                _isForeign = true;
            }
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) =>
        name == ImportedName ? _library : 0;

    private static string[] Candidates(string? folder)
    {
        string? named = Environment.GetEnvironmentVariable(OverrideVariable);
        if (!string.IsNullOrEmpty(named))
        {
            return [named, Path.Combine(named, FileName)];
        }

        string beside = AppContext.BaseDirectory;
        return
        [
            .. folder is null ? [] : (string[])[Path.Combine(folder, FileName)],
            Path.Combine(beside, FileName),
            Path.Combine(beside, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", FileName),
        ];
    }
}
