using System.Security.Cryptography;

namespace Diffusion.Cli.Data;

/// <summary>Fetches pinned Debian packages with the system's own client; they are never installed.</summary>
internal static class PackageDownload
{
    /// <summary>
    /// Leaves the package in <paramref name="folder"/> as <see cref="DebianPackage.FileName"/>; does nothing where it
    /// is.
    /// </summary>
    /// <exception cref="UserErrorException">The tool or the network is missing, or the checksum is wrong.</exception>
    public static async Task RunAsync(DebianPackage package, string folder, CancellationToken cancellation)
    {
        var file = Path.Combine(folder, package.FileName);
        if (File.Exists(file) && await HasChecksumAsync(file, package.Sha256, cancellation))
        {
            return;
        }

        File.Delete(file);
        await ExternalTool.RunAsync("apt-get", ["download", $"{package.Name}={package.Version}"], folder, cancellation);
        if (!File.Exists(file) || !await HasChecksumAsync(file, package.Sha256, cancellation))
        {
            throw new UserErrorException(
                $"The downloaded {package.FileName} does not have the pinned sha256 {package.Sha256}.");
        }
    }

    /// <summary>Whether a file has a SHA-256, given in lower-case hex.</summary>
    public static async Task<bool> HasChecksumAsync(string file, string sha256, CancellationToken cancellation)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation)) == sha256;
    }
}
