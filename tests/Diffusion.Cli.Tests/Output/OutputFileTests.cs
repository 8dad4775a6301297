using System.Diagnostics;
using Diffusion.Cli.Output;

namespace Diffusion.Cli.Tests.Output;

public sealed class OutputFileTests : IDisposable
{
    private static readonly byte[] _content = [1, 2, 3];

    private readonly string _folder = Directory.CreateTempSubdirectory("diffusion-output-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Write_Link_ReplacesWhatItPointsTo()
    {
        string target = InFolder("target.png");
        string link = InFolder("link.png");
        File.WriteAllText(target, "old");
        File.CreateSymbolicLink(link, target);

        OutputFile.Write(link, stream => stream.Write(_content));

        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.Equal(_content, File.ReadAllBytes(target));
    }

    [Fact]
    public void Write_NeighboursNamedLikeTemporaries_AreKept()
    {
        File.WriteAllText(InFolder("a.png.partial"), "mine");
        File.WriteAllText(InFolder("a.png.tmp"), "mine");

        OutputFile.Write(InFolder("a.png"), stream => stream.Write(_content));

        Assert.Equal(
            ["a.png", "a.png.partial", "a.png.tmp"],
            Directory.GetFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("mine", File.ReadAllText(InFolder("a.png.partial")));
    }

    [Fact]
    public void Write_WriterFails_KeepsTheOldFileAndLeavesNoOther()
    {
        File.WriteAllText(InFolder("a.png"), "old");

        Assert.Throws<InvalidOperationException>(
            () => OutputFile.Write(InFolder("a.png"), _ => throw new InvalidOperationException()));

        Assert.Equal("old", File.ReadAllText(Assert.Single(Directory.GetFiles(_folder))));
    }

    [Theory]
    [InlineData("", "is a folder")]
    [InlineData("new/", "is a folder")]
    [InlineData("file/new.png", "is a file")]
    public void RequireWritable_NoFile_NamesOptionAndRule(string name, string rule)
    {
        File.WriteAllText(InFolder("file"), "mine");

        AssertRefused(InFolder(name), rule);
    }

    [SkippableFact]
    public void RequireWritable_DeviceOrPipe_IsRefusedAndStays()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no device nodes and pipes among its files.");
        string pipe = InFolder("pipe.png");
        using (var maker = Process.Start("mkfifo", [pipe]))
        {
            maker.WaitForExit();
        }

        AssertRefused(pipe, "device or a pipe");
        AssertRefused("/dev/null", "device or a pipe");
        Assert.True(File.Exists(pipe));
    }

    [Fact]
    public void RequireWritable_NewFolder_IsNotMade()
    {
        OutputFile.RequireWritable(InFolder("new/deep/a.png"), "--out");

        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("brick-7.png", "brick-7.png")]
    [InlineData("T-shirt/top-1.png", "T-shirt_top-1.png")]
    [InlineData("..\\..\\a:b\n.png", ".._.._a_b_.png")]
    [InlineData("..", "_")]
    public void SafeName_AnyText_StaysInItsFolder(string text, string expected) =>
        Assert.Equal(expected, OutputFile.SafeName(text));

    private static void AssertRefused(string path, string rule)
    {
        var e = Assert.Throws<UserErrorException>(() => OutputFile.RequireWritable(path, "--picture"));
        Assert.Contains("--picture", e.Message, StringComparison.Ordinal);
        Assert.Contains(rule, e.Message, StringComparison.Ordinal);
    }

    private string InFolder(string name) => Path.Combine(_folder, name);
}
