using System.CommandLine;
using System.Globalization;
using Diffusion.Cli.Generation;

namespace Diffusion.Cli.Packaging;

/// <summary><c>package</c>: makes the folder that a game ships.</summary>
internal static class PackageCommand
{
    public static Command Create()
    {
        var rid = new Option<string>("--rid")
        {
            Description =
                "System that the game runs on: linux-x64 or win-x64. Default: this one; NativeAOT builds for no other.",
            DefaultValueFactory = _ => GamePackage.OwnRid,
        };
        var output = new Option<string>("--out") { Description = "Folder to make; new or empty.", Required = true }
            .NotEmpty();
        var model = new Option<string?>("--model") { Description = "Model folder. Default: models/textures-64." };
        var library = new Option<string?>("--library")
        {
            Description = "A library that was published before. Default: published now, about a minute.",
        };
        var cpuEngine = new Option<bool>("--cpu-engine")
        {
            Description = "Adds ONNX Runtime's library, so that the network runs on machines without a usable GPU.",
        };
        var command = new Command(
            "package", "Makes the folder that a game ships: library, header, model, licences; prints sizes.")
        {
            rid, output, model, library, cpuEngine,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var package = new GamePackage(
                parsed.GetValue(rid)!, ModelLocator.Find(parsed.GetValue(model)), parsed.GetValue(library),
                parsed.GetValue(cpuEngine));
            IReadOnlyList<(string Name, long SizeInBytes)> files =
                await package.WriteAsync(parsed.GetValue(output)!, cancellation);
            foreach ((string name, long size) in files)
            {
                Console.WriteLine(Line(name, size));
            }

            ILookup<bool, long> sizes = files.ToLookup(
                file => GamePackage.IsOfCpuEngine(file.Name), file => file.SizeInBytes);
            bool hasEngine = sizes.Contains(true);
            Console.WriteLine(Line(hasEngine ? "in all but the CPU engine" : "in all", sizes[false].Sum()));
            if (hasEngine)
            {
                Console.WriteLine(Line("CPU engine", sizes[true].Sum()));
            }

            return 0;
        });
        return command;
    }

    private static string Line(string name, long sizeInBytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{sizeInBytes / 1e6,8:F2} MB  {name}");
}
