using Diffusion.Cli;
using Diffusion.Demo;

var command = DemoCommand.Create(DemoRun.Run);
return await CommandLineHost.RunAsync(command, args, Console.Error);
