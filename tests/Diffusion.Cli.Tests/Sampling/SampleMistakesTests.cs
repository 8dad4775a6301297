namespace Diffusion.Cli.Tests.Sampling;

/// <summary><c>sample</c> with what it refuses: one line that says why, before any work.</summary>
public sealed class SampleMistakesTests : SamplingTests
{
    [Fact]
    public async Task Sample_AdaptiveSolverWithEta_IsRefused()
    {
        (int code, string error) = await Run("--solver", "rk45", "--eta", "0", "--out", Path.Combine(Folder, "x.png"));

        Assert.Equal((2, "diffusion: --eta 0: the solver 'rk45' adds no noise."), (code, error.TrimEnd()));
    }

    [Theory]
    [InlineData("--steps", "0", "0")]
    [InlineData("--steps", "100000", "100000")]
    [InlineData("--class", "cheese", "cheese")]
    [InlineData("--size", "63x64", "63")]
    [InlineData("--size", "0x64", "0x64")]
    [InlineData("--size", "100000x100000", "100000")]
    [InlineData("--solver", "magic", "magic")]
    [InlineData("--eta", "0.5", "--eta: The solver 'dpmpp-2m' has no eta; ddim and ddim-optimal have.")]
    [InlineData("--eta", "1.5", "--eta is 1.5; it must be from 0 to 1.")]
    [InlineData("--eta", "NaN", "--eta is NaN; it must be from 0 to 1.")]
    [InlineData("--churn", "20", "--churn: The solver 'dpmpp-2m' has no churn; edm has.")]
    [InlineData("--churn", "-1", "--churn is -1; it must be from 0 to 1000.")]
    [InlineData("--schedule", "magic", "magic")]
    [InlineData("--precision", "double", "--precision is full or half, not 'double'.")]
    [InlineData("--precision", "half", "--precision half is for --backend compute, not ")]
    [InlineData("--backend", "magic", "--backend 'magic' is unknown: it must be one of torch, onnx, compute.")]
    [InlineData("--guidance", "-1", "-1")]
    [InlineData("--grid", "1000x1", "1000x1")]
    [InlineData("--noise-threads", "0", "0")]
    [InlineData("--model", "nowhere", "nowhere")]
    [InlineData("--model", "", "--model is empty")]
    [InlineData("--seed", "-3", "'--seed'. It must be a whole number of at least 0.")]
    [InlineData("--steps", "1e3", "'--steps'. It must be a whole number.")]
    [InlineData("--steps", "0", "--steps is 0; it must be from 1 to 1000.")]
    [InlineData("--guidance", "NaN", "--guidance is NaN; it must be from 0 to 100.")]
    [InlineData("--size", "66x64", "--size is 66x64; width and height must be multiples of 8")]
    [InlineData("--grid", "0x3", "--grid '0x3' must be COLUMNSxROWS")]
    [InlineData("--gif", "", "--gif is empty")]
    [InlineData("--gif", "chain.mp4", "--gif 'chain.mp4' is written as .gif")]
    [InlineData("--image", "nowhere.png", "nowhere.png")]
    [InlineData("--strength", "0.5", "--strength 0.5 needs --image.")]
    [InlineData("--strength", "NaN", "--strength is NaN; it must be above 0 and at most 1.")]
    [InlineData("--solver", "ddim-inversion", "it needs --image.")]
    [InlineData("--mask", "mask.png", "--mask needs --image")]
    [InlineData("--tiles", "65x1", "--tiles 65x1 is too large: at most 64 columns and rows.")]
    [InlineData("--tiles", "0x1", "--tiles '0x1' must be COLUMNSxROWS")]
    [InlineData("--departure", "0.5", "--departure 0.5 needs --tiles.")]
    [InlineData("--departure", "2", "--departure is 2; it must be above 0 and at most 1.")]
    public async Task Sample_BadOption_IsOneLineThatNamesItAndExitCode2(string option, string value, string named)
    {
        string file = Path.Combine(Folder, "texture.png");

        (int code, string error) = await Run("--out", file, option, value);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Sample_SameOutputTwice_IsOneLineAndExitCode2()
    {
        string file = Path.Combine(Folder, "both");

        (int code, string error) = await Run("--out", file, "--gif", file);

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains("--out and --gif", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_WeightIsNotANumber_IsOneLineThatNamesTheTensor()
    {
        string model = Path.Combine(Folder, "model");
        CopyModel(model);
        string weights = Path.Combine(model, "unet", "diffusion_pytorch_model.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(weights);
        (bytes[^2], bytes[^1]) = (0x00, 0x7e); // fp16's NaN, for the last value of the last tensor
        await File.WriteAllBytesAsync(weights, bytes);

        (int code, string error) = await Run("--model", model, "--out", Path.Combine(Folder, "texture.png"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Matches("tensor '[a-z_.0-9]+' holds a value that is not finite", error);
    }

    [Fact]
    public async Task Sample_UnwritableFolder_IsOneLineAndExitCode2()
    {
        string blocker = Path.Combine(Folder, "file");
        await File.WriteAllTextAsync(blocker, "mine");

        (int code, string error) = await Run("--out", Path.Combine(blocker, "texture.png"));

        Assert.Equal(2, code);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(blocker, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "--out is empty")]
    [InlineData("folder/", "is a folder")]
    [InlineData("folder", "is a folder")]
    [InlineData("texture.jpg", ".png")]
    [InlineData("/dev/null", "is a device")]
    public async Task Sample_BadOutput_IsOneLineBeforeAnyWork(string path, string named)
    {
        Directory.CreateDirectory(Path.Combine(Folder, "folder"));
        string file = path.Length == 0 ? "" : Path.Combine(Folder, path);

        (int code, string error) = await Run("--out", file, "--model", "nowhere");

        Assert.Equal(2, code);
        Assert.Contains(named, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal("folder", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(Folder))));
    }

    [Theory]
    [InlineData("--tiles does not go with --grid.", "--grid", "2x2")]
    [InlineData("--tiles does not go with --gif.", "--gif", "chain.gif")]
    [InlineData("--tiles does not go with --solver rk45.", "--solver", "rk45")]
    [InlineData("--tiles: Overlap must be 1 to 7 for tiles of 16x16, not 16.", "--size", "16x16")]
    [InlineData("'pndm' does not end at the clean estimate", "--solver", "pndm")]
    public async Task Sample_TilesWithWhatDoesNotGo_IsOneLineThatSaysSo(string message, params string[] options)
    {
        (int code, string error) = await Run(
            ["--tiles", "2x2", "--out", Path.Combine(Folder, "field.png"), .. options]);

        Assert.Equal(2, code);
        Assert.Contains(message, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
