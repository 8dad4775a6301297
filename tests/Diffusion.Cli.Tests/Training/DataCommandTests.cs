namespace Diffusion.Cli.Tests.Training;

public sealed class DataCommandTests : TrainingTests
{
    [Fact]
    public async Task Data_OutputFolderIsAFile_IsOneLineAndExitCode2()
    {
        string file = Path.Combine(Folder, "taken");
        await File.WriteAllTextAsync(file, "mine");

        (int code, string error) = await Run("data", "textures", "--out", file);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Equal("mine", await File.ReadAllTextAsync(file));
    }
}
