namespace Diffusion.Peers;

/// <summary>One way to evaluate the network at a fixed input.</summary>
internal interface IPeer : IDisposable
{
    string Name { get; }

    /// <summary>Evaluates the network once.</summary>
    void Run();

    /// <summary>The output of the class (the batch's first sample) as the last <see cref="Run"/> left it.</summary>
    float[] ReadOutput();
}
