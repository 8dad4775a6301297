using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Models.Safetensors;

namespace Diffusion.Runtime.Tests.Models;

public sealed class OptimalVarianceTests : IDisposable
{
    private const string Name = "optimal_variance.json";

    private readonly TemporaryFolder _folder = new();

    public OptimalVarianceTests()
    {
        ModelFolder.Save(_folder.Path, new UNetConfig(), new SchedulerConfig(), []);
        new SafetensorsWriter().Save(ModelFolder.WeightsPath(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_NoFile_HasNoCurve() => Assert.Null(ModelFolder.Open(_folder.Path).Description.CleanVariance);

    [Fact]
    public void SaveCleanVariance_ThenOpen_GivesTheSameNumbers()
    {
        CleanVariance curve = new([-4.25, 0, 1 / 3.0], [0.25, 0.1, 1e-9]);

        ModelFolder.SaveCleanVariance(_folder.Path, curve);

        ModelFolder read = ModelFolder.Open(_folder.Path);
        Assert.Equal(curve.Lambdas, read.Description.CleanVariance!.Lambdas);
        Assert.Equal(curve.Variances, read.Description.CleanVariance.Variances);
        Assert.Empty(read.Warnings);
        Assert.Single(Directory.GetFiles(_folder.Path, "optimal_variance*"));
    }

    [Fact]
    public void Save_OverAModelWithACurve_DeletesTheCurve()
    {
        ModelFolder.SaveCleanVariance(_folder.Path, new CleanVariance([0], [0.1]));

        ModelFolder.Save(_folder.Path, new UNetConfig(), new SchedulerConfig(), []);

        Assert.False(File.Exists(_folder[Name]));
    }

    [Fact]
    public void SaveCleanVariance_NoFolder_NamesIt() => Assert.Contains(
        "nothing",
        Assert.Throws<DirectoryNotFoundException>(
            () => ModelFolder.SaveCleanVariance(_folder["nothing"], new CleanVariance([0], [0.1]))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"lambdas": [0, 1]}""", "'variances' is missing or empty")]
    [InlineData("""{"lambdas": [], "variances": []}""", "'lambdas' is missing or empty")]
    [InlineData("""{"lambdas": null, "variances": [1]}""", "'lambdas' is missing or empty")]
    [InlineData("""{"lambdas": [0, 1], "variances": [1]}""", "has 2 values and 'variances' has 1; they must agree")]
    [InlineData("""{"lambdas": [0, 0], "variances": [1, 1]}""", "has 0 after 0; its values must rise")]
    [InlineData("""{"lambdas": [1, -1], "variances": [1, 1]}""", "has -1 after 1; its values must rise")]
    [InlineData("""{"lambdas": [0, 1], "variances": [1, -0.5]}""", "has -0.5; every value must be at least 0")]
    [InlineData("""{"lambdas": [0, 1e999], "variances": [1, 1]}""", "must be a finite number")]
    [InlineData("""{"lambdas": [0, Infinity], "variances": [1, 1]}""", "must be a finite number")]
    [InlineData("""{"lambdas": [0, "1"], "variances": [1, 1]}""", "must be a finite number")]
    [InlineData("""{"lambdas": 3, "variances": [1]}""", "must be a list")]
    [InlineData("""[1, 2]""", "one JSON object")]
    [InlineData("""{"lambdas": [0""", "")]
    public void Open_HostileFile_NamesFileValueAndRule(string text, string expected)
    {
        File.WriteAllText(_folder[Name], text);

        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelFolder.Open(_folder.Path));

        Assert.Contains(Name, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_UnknownKey_Warns()
    {
        File.WriteAllText(_folder[Name], """{"lambdas": [0], "variances": [1], "colour": 1}""");

        Assert.Contains("'colour'", Assert.Single(ModelFolder.Open(_folder.Path).Warnings), StringComparison.Ordinal);
    }
}
