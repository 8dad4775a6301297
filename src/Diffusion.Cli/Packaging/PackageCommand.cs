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
        var command = new Command(
            "package", "Makes the folder that a game ships: library, header, model, licences; prints sizes.")
        {
            rid, output, model, library,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var package = new GamePackage(
                parsed.GetValue(rid)!, ModelLocator.Find(parsed.GetValue(model)), parsed.GetValue(library));
            IReadOnlyList<(string Name, long SizeInBytes)> files =
                await package.WriteAsync(parsed.GetValue(output)!, cancellation);
            foreach ((string name, long size) in files)
            {
                Console.WriteLine(Line(name, size));
            }

            Console.WriteLine(Line("in all", files.Sum(file => file.SizeInBytes)));
            return 0;
        });
        return command;
    }

    private static string Line(string name, long sizeInBytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{sizeInBytes / 1e6,8:F2} MB  {name}");
}
