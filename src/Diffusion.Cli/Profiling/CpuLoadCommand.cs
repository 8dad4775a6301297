using System.CommandLine;

namespace Diffusion.Cli.Profiling;

/// <summary>The hidden command of <see cref="CpuLoad"/>: burns a core between two lines of its input.</summary>
internal static class CpuLoadCommand
{
    public const string Name = "burn-core";
    public const string Ready = "ready";
    public const string On = "on";
    public const string Off = "off";

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "Burns one core while its input says so.") { Hidden = true };
        command.SetAction(_ => Run(Console.In, Console.Out));
        return command;
    }

    private static void Run(TextReader input, TextWriter output)
    {
        using var burns = new ManualResetEventSlim();
        bool ends = false;
        var burner = new Thread(() =>
        {
            double value = 1;
            while (!Volatile.Read(ref ends))
            {
                burns.Wait();
                for (int i = 0; i < 10_000; i++)
                {
                    value = (value * 0.999) + 0.25;
                }
            }
        })
        {
            IsBackground = true,
        };
        burner.Start();
        output.WriteLine(Ready);
        output.Flush();

        // Ends with the input: whoever started this process is gone then.
        while (input.ReadLine() is { } line)
        {
            if (line == On)
            {
                burns.Set();
            }
            else
            {
                burns.Reset();
            }
        }

        Volatile.Write(ref ends, true);
        burns.Set();
        burner.Join();
    }
}
