// A plain game loop in C#, without a renderer: submit, tick once a frame, read the pixels, release.
//
//   diffusion-csharp MODEL OUT.ppm [SIZE [STEPS]]
//
// As one native program, which needs no .NET: dotnet publish examples/csharp -c Release -r linux-x64 -o out/loop
using System.Diagnostics;
using System.Globalization;
using Diffusion.Render.Compute;
using Diffusion.Render.Devices;
using Diffusion.Runtime;
using Diffusion.Runtime.Budget;
using Diffusion.Runtime.Chains;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Sharing;

if (args.Length is < 2 or > 4)
{
    Console.Error.WriteLine("usage: diffusion-csharp MODEL OUT.ppm [SIZE [STEPS]]");
    return 2;
}

int size = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 64;

// Null takes what suits the model: 20, or as many as a distilled one was taught.
int? steps = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : null;

// The network, on a Vulkan device: here one of its own; VulkanDevice.Adopt takes an engine's.
ModelFolder model = ModelFolder.Open(args[0]);
using var device = VulkanDevice.Create(new VulkanDeviceOptions());
using var backend = new ComputeBackend(model, device);
using var runtime = new DiffusionRuntime(backend, model.Description);
TextureHandle rock = runtime.Submit(
    new TextureRequest { Width = size, Height = size, ClassName = "rock", Seed = 3, Steps = steps });

var pixels = new byte[size * size * SamplePixels.BytesPerPixel];
TimeSpan frame = TimeSpan.FromSeconds(1.0 / 60);
using var process = Process.GetCurrentProcess();
ulong shown = 0;
int frames = 0;
while (runtime.GetProgress(rock).Status is ChainStatus.Running or ChainStatus.Waiting)
{
    long begun = Stopwatch.GetTimestamp();

    // The library's share of the frame. What it promised and took is in the report.
    TickReport report = runtime.Tick(TimeSpan.FromMilliseconds(8));

    // The newest image, if there is a newer one: this is where a game would upload it to its sprite.
    if (SamplePixels.TryRead(
        runtime.GetSamples(rock), isDenoised: false, shown, pixels, size * SamplePixels.BytesPerPixel,
        out SampleInfo info))
    {
        shown = info.Generation;
        TimeSpan age = DateTime.Now - process.StartTime;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{age.TotalMilliseconds,6:F0} ms, frame {frames,4}: step {info.Step,3}, "
            + $"sigma {info.NoiseLevel.Sigma:F3}, tick {report.Taken.TotalMilliseconds:F2} ms"));
    }

    frames++;
    TimeSpan left = frame - Stopwatch.GetElapsedTime(begun);
    if (left > TimeSpan.Zero)
    {
        Thread.Sleep(left);
    }
}

TextureProgress end = runtime.GetProgress(rock);
Console.WriteLine($"{end.Status} after {frames} frames {end.FailureReason}");
runtime.Release(rock);
using FileStream file = File.Create(args[1]);
file.Write(System.Text.Encoding.ASCII.GetBytes($"P6\n{size} {size}\n255\n"));
for (int i = 0; i < pixels.Length; i += SamplePixels.BytesPerPixel)
{
    file.Write(pixels, i, 3);
}

return end.Status == ChainStatus.Completed ? 0 : 1;
