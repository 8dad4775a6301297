using System.CommandLine;
using Diffusion.Cli.Data;
using Diffusion.Cli.Sampling;

namespace Diffusion.Cli.Tests;

public sealed class CommandLineHostTests
{
    [Theory]
    [InlineData]
    [InlineData("data")]
    public async Task RunAsync_NoCommand_ShowsTheHelp(params string[] arguments)
    {
        using var error = new StringWriter();
        var root = new RootCommand { SampleCommand.Create(), DataCommand.Create() };

        int code = await CommandLineHost.RunAsync(root, arguments, error);

        Assert.Equal((0, ""), (code, error.ToString()));
    }

    [Fact]
    public async Task RunAsync_UnknownCommand_IsOneLineAndExitCode2()
    {
        using var error = new StringWriter();

        int code = await CommandLineHost.RunAsync(new RootCommand { SampleCommand.Create() }, ["magic"], error);

        Assert.Equal(2, code);
        Assert.Contains("'magic'", Assert.Single(error.ToString().TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void Program_Name_IsThatOfItsMessages() =>
        Assert.Equal("diffusion", typeof(CommandLineHost).Assembly.GetName().Name);
}
