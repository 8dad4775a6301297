using System.Runtime.InteropServices;
using Diffusion.Render.Compute;
using Diffusion.Render.Compute.Planning;
using Diffusion.Render.Devices;
using Diffusion.Torch.UNet;
using Silk.NET.Vulkan;
using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Cli.Tests.Compute;

/// <summary>Runs both networks on the same input and compares what each slice hands on.</summary>
internal static class SliceParity
{
    /// <summary>The largest difference of a slice relative to the largest magnitude in it, over all slices.</summary>
    public static (double Error, string Slice) Measure(
        UNet2DModel network, ComputeBackend backend, int batch, int height, int width, bool seamless, int seed = 3)
    {
        using NetworkRun run = backend.CreateRun(batch, height, width, seamless);
        Assert.Equal(run.Plan.Slices.Count, run.Plan.Parts.Count);
        using IDisposable mode = torch.inference_mode();
        using IDisposable scope = NewDisposeScope();
        using Generator generator = new((ulong)seed);
        Tensor x = randn([batch, 3, height, width], generator: generator);
        Tensor time = (rand([batch], generator: generator) * 90) + 1;
        int classes = network.Config.NumClassEmbeds;
        bool isConditional = classes > 0 || network.Config.ClassEmbedType is not null;
        network.Seamless = seamless;

        // The reference runs one sample at a time: the oneDNN of libtorch 2.10 computes wrong batches where channels
        // fill no block of 16, among them 1x1 convolutions from 16 to 72 channels.
        UNetState[] states = [.. Enumerable.Range(0, batch).Select(_ => new UNetState())];
        for (int sample = 0; sample < batch; sample++)
        {
            int label = !isConditional ? -1 : network.Config.ClassEmbedType is null ? sample % classes : sample + 1;
            Tensor picture = x.slice(0, sample, sample + 1, 1).contiguous();
            Tensor level = time.slice(0, sample, sample + 1, 1).contiguous();
            Values(picture).CopyTo(run.Input(sample, run.Plan.Input.Picture.Range));
            run.WriteConditioning(backend.Structure, sample, Values(level)[0], label);
            network.Begin(states[sample], picture, level, isConditional ? tensor(new long[] { label }) : null);
        }

        Assert.Equal(network.Slices.Select(slice => slice.Name), run.Plan.Slices.Select(slice => slice.Name));
        (double Error, string Slice) worst = (0, "");
        for (int i = 0; i < run.Plan.Slices.Count; i++)
        {
            run.Submit(i);
            run.Wait();
            PlannedSlice slice = run.Plan.Slices[i];
            float[] actual = i == run.Plan.Slices.Count - 1
                ? run.Output.ToArray()
                : ReadArena(backend, run, slice.Hidden);
            int length = actual.Length / batch;
            for (int sample = 0; sample < batch; sample++)
            {
                network.Slices[i].Run(states[sample]);
                double error = Difference(
                    Values(states[sample].Hidden.contiguous()), actual.AsSpan(sample * length, length));
                worst = error >= worst.Error ? (error, slice.Name) : worst;
            }
        }

        foreach (UNetState state in states)
        {
            state.Dispose();
        }

        return worst;
    }

    /// <summary>The largest difference relative to the largest magnitude; infinite where a value is not
    /// finite.</summary>
    public static double Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        (double difference, double magnitude) = (0, 1e-20);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!float.IsFinite(actual[i]))
            {
                return double.PositiveInfinity;
            }

            difference = Math.Max(difference, Math.Abs((double)expected[i] - actual[i]));
            magnitude = Math.Max(magnitude, Math.Abs(expected[i]));
        }

        return difference / magnitude;
    }

    private static float[] ReadArena(ComputeBackend backend, NetworkRun run, in Activations hidden)
    {
        VulkanDevice device = backend.Vulkan;
        BufferRange range = hidden.Range;
        using GpuBuffer readback = GpuBuffer.Readback(device, (ulong)range.SizeInBytes, "test readback");
        using OneTimeCommands commands = new(device, "test readback");
        commands.Run(recorded => Copy(device, recorded, run.ArenaBuffer, readback, range));
        return backend.Structure.Weights.Precision == StoragePrecision.Half
            ? InRows(readback.Span<Half>(), hidden.Height, hidden.Width)
            : readback.Span<float>().ToArray();
    }

    // A word holds a pixel and the one below it; below the last row of an odd height is nothing.
    private static float[] InRows(ReadOnlySpan<Half> pairs, int height, int width)
    {
        int places = (height + 1) / 2 * 2 * width;
        float[] values = new float[pairs.Length / places * height * width];
        for (int i = 0; i < values.Length; i++)
        {
            (int plane, int pixel) = Math.DivRem(i, height * width);
            (int y, int x) = Math.DivRem(pixel, width);
            values[i] = (float)pairs[(plane * places) + (2 * ((y / 2 * width) + x)) + (y % 2)];
        }

        return values;
    }

    private static unsafe void Copy(
        VulkanDevice device, CommandBuffer recorded, GpuBuffer from, GpuBuffer to, BufferRange range)
    {
        Barriers.Memory(
            device, recorded,
            PipelineStageFlags2.ComputeShaderBit, AccessFlags2.ShaderStorageWriteBit,
            PipelineStageFlags2.CopyBit, AccessFlags2.TransferReadBit);
        var region = new BufferCopy((ulong)range.Offset, 0, (ulong)range.SizeInBytes);
        device.Api.CmdCopyBuffer(recorded, from.Handle, to.Handle, 1, &region);
        Barriers.TransferToHost(device, recorded);
    }

    private static Span<float> Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
