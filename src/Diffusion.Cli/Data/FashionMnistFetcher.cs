namespace Diffusion.Cli.Data;

/// <summary>Puts Fashion-MNIST's four files into a folder, out of Debian's package. [Xiao17]</summary>
/// <remarks>
/// They stay the idx.gz files that they are: 70,000 PNG files would take ten times the room on most disks and minutes
/// to read. A file appears under its name only when its checksum is right, and is not made again where it does.
/// </remarks>
internal static class FashionMnistFetcher
{
    private const string FolderInPackage = "usr/share/datasets/fashion-mnist";

    private static readonly DebianPackage _package = new(
        "dataset-fashion-mnist",
        "0.0~git20200523.55506a9-1",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
        Archive: null);

    private static readonly (string Name, string Sha256)[] _files =
    [
        (FashionMnistFolder.TrainPictures, "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"),
        (FashionMnistFolder.TrainLabels, "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"),
        (FashionMnistFolder.TestPictures, "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
        (FashionMnistFolder.TestLabels, "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
    ];

    /// <exception cref="UserErrorException">A tool or the network is missing, or a checksum is wrong.</exception>
    public static async Task RunAsync(string outputFolder, CancellationToken cancellation)
    {
        var output = Path.GetFullPath(outputFolder);
        Directory.CreateDirectory(output);
        if (await AreAllThereAsync(output, cancellation))
        {
            return;
        }

        var scratch = Path.Combine(output, ".scratch");
        Directory.CreateDirectory(scratch);
        await PackageDownload.RunAsync(_package, scratch, cancellation);
        await ExternalTool.PipeAsync(
            ("dpkg-deb", ["--fsys-tarfile", _package.FileName]),
            ("tar", ["-x", .. _files.Select(file => $"./{FolderInPackage}/{file.Name}")]),
            scratch,
            cancellation);
        foreach (var (name, sha256) in _files)
        {
            var extracted = Path.Combine(scratch, FolderInPackage, name);
            if (!await PackageDownload.HasChecksumAsync(extracted, sha256, cancellation))
            {
                throw new UserErrorException($"'{extracted}' does not have the sha256 {sha256}.");
            }

            File.Move(extracted, Path.Combine(output, name), overwrite: true);
        }

        Directory.Delete(scratch, recursive: true);
    }

    private static async Task<bool> AreAllThereAsync(string folder, CancellationToken cancellation)
    {
        foreach (var (name, sha256) in _files)
        {
            var path = Path.Combine(folder, name);
            if (!File.Exists(path) || !await PackageDownload.HasChecksumAsync(path, sha256, cancellation))
            {
                return false;
            }
        }

        return true;
    }
}
