using System.Security.Cryptography;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Diffusion.Cli.Data;

/// <summary>
/// Makes the training set: fetches two Debian packages, cuts the manifest's textures out, converts and verifies them.
/// </summary>
/// <remarks>
/// Every step leaves its result under its final name only when it is whole, and is skipped when that is there, so a run
/// that was interrupted goes on where it stopped. The packages are never installed.
/// </remarks>
internal sealed class TextureFetcher
{
    /// <summary>SHA-256 of the raw RGB of all pictures in the manifest's order.</summary>
    public const string SetSha256 = "50fbd728517881f8c569c9dca7dcfa260f3870dc6aa78aaed6b9c70010926b37";

    private const string Converter = "/usr/bin/convert-im6.q16";
    private const string ExtractedMark = ".extracted";

    private readonly string _outputFolder;
    private readonly string _scratchFolder;
    private readonly IReadOnlyList<TextureSource> _sources;

    public TextureFetcher(string outputFolder, IReadOnlyList<TextureSource> sources)
    {
        _outputFolder = Path.GetFullPath(outputFolder);
        _scratchFolder = Path.Combine(_outputFolder, ".scratch");
        _sources = sources;
    }

    /// <summary>
    /// Runs all steps; <paramref name="progress"/> hears the step's name and how much of it is done, in [0, 1].
    /// </summary>
    /// <exception cref="UserErrorException">A tool or the network is missing, or a checksum is wrong.</exception>
    public async Task RunAsync(IProgress<(string Step, double Fraction)> progress, CancellationToken cancellation)
    {
        Directory.CreateDirectory(_outputFolder);
        foreach (var package in DebianPackage.All)
        {
            var wanted = _sources.Where(s => s.Package == package.Name).ToArray();
            var missing = wanted.Where(s => !File.Exists(OutputOf(s))).ToArray();
            if (missing.Length > 0)
            {
                var folder = Path.Combine(_scratchFolder, package.Name);
                Directory.CreateDirectory(folder);
                await FetchAsync(package, progress, cancellation);
                await ExtractAsync(package, folder, wanted, progress, cancellation);
                await ConvertAsync(package, folder, missing, progress, cancellation);
            }
        }

        Verify(progress, cancellation);
        if (Directory.Exists(_scratchFolder))
        {
            Directory.Delete(_scratchFolder, recursive: true);
        }
    }

    private async Task FetchAsync(
        DebianPackage package, IProgress<(string, double)> progress, CancellationToken cancellation)
    {
        var step = $"download {package.Name}";
        progress.Report((step, 0));
        await PackageDownload.RunAsync(package, _scratchFolder, cancellation);
        progress.Report((step, 1));
    }

    private static async Task ExtractAsync(
        DebianPackage package,
        string folder,
        TextureSource[] sources,
        IProgress<(string, double)> progress,
        CancellationToken cancellation)
    {
        var step = $"extract {package.Name}";
        progress.Report((step, 0));
        var mark = Path.Combine(folder, ExtractedMark);
        if (!File.Exists(mark))
        {
            var members = package.Archive is { } archive ? [archive] : sources.Select(s => s.Path).ToArray();
            var list = Path.Combine(folder, ".members");
            await File.WriteAllLinesAsync(list, members.Select(m => $"./{m}"), cancellation);
            await ExternalTool.PipeAsync(
                ("dpkg-deb", ["--fsys-tarfile", Path.Combine("..", package.FileName)]),
                ("tar", ["-x", "-T", list]),
                folder,
                cancellation);
            if (package.Archive is { } zip)
            {
                progress.Report((step, 0.8));
                await ExternalTool.RunAsync(
                    "unzip", ["-q", "-o", zip, .. sources.Select(s => s.Path)], folder, cancellation);
                File.Delete(Path.Combine(folder, zip));
            }

            await File.WriteAllTextAsync(mark, string.Empty, cancellation);
        }

        progress.Report((step, 1));
    }

    private async Task ConvertAsync(
        DebianPackage package,
        string folder,
        TextureSource[] sources,
        IProgress<(string, double)> progress,
        CancellationToken cancellation)
    {
        var step = $"convert {package.Name}";
        var done = 0;
        await Parallel.ForEachAsync(sources, cancellation, async (source, token) =>
        {
            var output = OutputOf(source);
            var unfinished = output + ".tmp";
            Directory.CreateDirectory(Path.GetDirectoryName(output)!);

            // Alpha is a mask in these sets (player colour, specular), not opacity: dropped, not composed.
            await ExternalTool.RunAsync(
                Converter,
                [
                    $"{source.Path}[0]", "-alpha", "off", "-colorspace", "sRGB", "-filter", "box",
                    "-resize", "256x256!", "-depth", "8", "-strip", $"PNG24:{unfinished}",
                ],
                folder,
                token);
            File.Move(unfinished, output, overwrite: true);
            progress.Report((step, (double)Interlocked.Increment(ref done) / sources.Length));
        });
    }

    private void Verify(IProgress<(string, double)> progress, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < _sources.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var image = Image.Load<Rgb24>(OutputOf(_sources[i]));
            var pixels = new byte[image.Width * image.Height * 3];
            image.CopyPixelDataTo(pixels);
            hash.AppendData(pixels);
            progress.Report(("verify", (i + 1.0) / _sources.Count));
        }

        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (actual != SetSha256)
        {
            throw new UserErrorException(
                $"The set in '{_outputFolder}' has the checksum {actual}, not {SetSha256}: "
                + "delete the folder and run again.");
        }
    }

    private string OutputOf(TextureSource source) => source.IsHeldOut
        ? Path.Combine(_outputFolder, source.ClassName, TextureFolder.HeldOut, source.FileName)
        : Path.Combine(_outputFolder, source.ClassName, source.FileName);
}
