using System.CommandLine;
using Diffusion.Cli.Generation;
using Diffusion.Cli.Sampling;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Cli.Tests.Generation;

public sealed class GuidanceIntervalsTests
{
    [Theory]
    [InlineData("0.3..3", 0.3, 3)]
    [InlineData("0..10", 0, 10)]
    [InlineData("all", 0, double.PositiveInfinity)]
    public void Parse_ReadsWhatFormatWrites(string text, double least, double most)
    {
        GuidanceInterval interval = GuidanceIntervals.Parse(text, "--guidance-interval");

        Assert.Equal(new GuidanceInterval(least, most), interval);
        Assert.Equal(text, GuidanceIntervals.Format(interval));
    }

    [Theory]
    [InlineData("3")]
    [InlineData("3..1")]
    [InlineData("-1..1")]
    [InlineData("a..b")]
    [InlineData("")]
    public async Task Sample_BadInterval_IsOneLineThatNamesItAndExitCode2(string text)
    {
        using var error = new StringWriter();

        int code = await CommandLineHost.RunAsync(
            new RootCommand { SampleCommand.Create() }, ["sample", "--guidance-interval", text], error);

        Assert.Equal(2, code);
        Assert.Contains(
            $"--guidance-interval '{text}' must be two levels of noise, such as 0.3..3, or 'all'.",
            Assert.Single(error.ToString().TrimEnd().Split('\n')),
            StringComparison.Ordinal);
    }
}
