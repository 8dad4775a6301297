using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Sampling;

namespace Diffusion.Cli.Tests.Sampling;

/// <summary>A folder and the <c>sample</c> command.</summary>
public abstract class SamplingTests : IDisposable
{
    private protected string Folder { get; } = Directory.CreateTempSubdirectory("diffusion-sample-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected static async Task<(int Code, string Error)> Run(params string[] arguments)
    {
        using var error = new StringWriter();
        int code = await CommandLineHost.RunAsync(
            new RootCommand { SampleCommand.Create() }, ["sample", .. arguments], error);
        return (code, error.ToString());
    }

    private protected static void CopyModel(string target)
    {
        string source = ModelLocator.Find(null);
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
