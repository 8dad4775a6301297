using System.Globalization;
using System.Text;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Runtime.Models;

namespace Diffusion.Render.Compute.Tuning;

/// <summary>What was measured on a device, as a few lines of text beside its pipeline cache.</summary>
/// <remarks>It speaks of one device under one version of its driver; whatever else it says is ignored, with the
/// reason in the device's log.</remarks>
internal static class TuningFile
{
    private const string Signature = "diffusion-tuning";
    private const string Version = "1";
    private const string Matrices = "matrices";
    private const long MaxSizeInBytes = 4096;

    /// <summary>The file of a device.</summary>
    public static string PathOf(string folder, VulkanDevice device) =>
        Path.Combine(folder, $"tuning-{device.Uuid:n}.txt");

    /// <summary>What is on disk for a device, or null.</summary>
    public static ComputeTuning? Load(VulkanDevice device)
    {
        if (device.CacheFolder is null)
        {
            return null;
        }

        string path = PathOf(device.CacheFolder, device);
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
            {
                return null;
            }

            if (info.Length > MaxSizeInBytes)
            {
                throw new FormatException($"it has {info.Length} bytes, more than {MaxSizeInBytes}");
            }

            ComputeTuning tuning = Parse(File.ReadAllText(path), device);
            return tuning.WhyNot(device.Limits, device.Subgroups.SubgroupSize, device.Matrices) is { } whyNot
                ? throw new FormatException(whyNot)
                : tuning;
        }
        catch (Exception error) when (error is FormatException or IOException or UnauthorizedAccessException)
        {
            device.Log($"The tuning '{path}' is ignored: {error.Message}.");
            return null;
        }
    }

    /// <summary>Writes it whole or not at all.</summary>
    /// <returns>Where to.</returns>
    /// <exception cref="IOException">The disk is full, or the like.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static string Save(string folder, VulkanDevice device, ComputeTuning tuning)
    {
        string path = PathOf(folder, device);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Format(tuning, device))));
        return path;
    }

    private static string Format(ComputeTuning tuning, VulkanDevice device) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        {Signature} {Version}
        device {device.Uuid:n}
        driver {device.DriverVersion}
        groups {string.Join(' ', tuning.ConvolutionGroups)}
        workgroups {tuning.WantedWorkgroups}
        norm-threads {tuning.NormThreads}
        channels {tuning.Channels}
        pointwise-channels {tuning.PointwiseChannels}
        broadcasts {(tuning.BroadcastsInSubgroups ? 1 : 0)}

        """)
        + (tuning.Matrices is { } shape
            ? FormattableString.Invariant($"{Matrices} {shape.M} {shape.N} {shape.K} {shape.Subgroup}\n")
            : "");

    private static ComputeTuning Parse(string text, VulkanDevice device)
    {
        string[] lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int next = 0;
        Require(Signature, Version, "of another version");
        Require("device", $"{device.Uuid:n}", "of another device");
        Require("driver", device.DriverVersion.ToString(CultureInfo.InvariantCulture), "of another driver's version");
        int[] groups = [.. Words("groups").Select(Number)];
        var tuning = new ComputeTuning(
            groups, One("workgroups"), One("norm-threads"), One("channels"), One("pointwise-channels"),
            One("broadcasts") != 0);
        if (next < lines.Length && lines[next].StartsWith(Matrices, StringComparison.Ordinal))
        {
            tuning = tuning with
            {
                Matrices = Words(Matrices) is [string m, string n, string k, string subgroup]
                    ? new MatrixShape(Number(m), Number(n), Number(k), Number(subgroup))
                    : throw new FormatException($"'{Matrices}' should have four values"),
            };
        }

        return next == lines.Length ? tuning : throw new FormatException("it has lines more than it should");

        string[] Words(string key)
        {
            string[] words = next < lines.Length ? lines[next].Split(' ') : [];
            next++;
            return words.Length > 1 && words[0] == key
                ? words[1..]
                : throw new FormatException($"line {next} should say '{key}'");
        }

        void Require(string key, string value, string whyNot)
        {
            if (Words(key) is not [string found] || found != value)
            {
                throw new FormatException($"it is {whyNot}");
            }
        }

        int One(string key) => Words(key) is [string word]
            ? Number(word)
            : throw new FormatException($"'{key}' should have one value");

        static int Number(string word) =>
            int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new FormatException($"'{word}' is no number");
    }
}
