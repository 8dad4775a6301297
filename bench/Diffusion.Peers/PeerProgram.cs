using System.Globalization;
using Diffusion.Onnx;
using Diffusion.Peers.Eager;
using Diffusion.Runtime.Models;
using Diffusion.Torch;
using Diffusion.Torch.UNet;
using Spectre.Console;

namespace Diffusion.Peers;

/// <summary>Sets the peers up on the same weights and prints what they took.</summary>
internal static class PeerProgram
{
    private const double Tolerance = 1e-4;

    public static void Run(PeerSettings settings)
    {
        AppContext.SetSwitch(TorchNative.ThroughputSwitch, settings.IsSpinning);
        ModelFolder folder = ModelFolder.Open(settings.Model);
        TorchSharp.torch.set_num_threads(settings.Threads);
        using UNet2DModel network = UNetWeights.Load(folder);
        using EagerUNet eager = new(folder, settings.IsSeamless);
        using TorchBackend backend = new(network, folder.NullLabel);
        using OnnxBackend onnxBackend = new(folder, settings.Threads);
        var table = new Table().RoundedBorder();
        table.AddColumns("canvas", "batch", "engine");
        foreach (string heading in (string[])["median ms", "p10-p90", "ratio to the last", "p10-p90 of the ratio"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (int size in settings.Sizes)
        {
            foreach (int batch in settings.Batches)
            {
                PeerInput input = new(
                    size, batch, settings.IsSeamless, batch == 1 ? [0L] : [0L, Math.Max(0, folder.NullLabel)]);
                using WholePeer plain = new("TorchSharp, plain", eager, input);
                using OnnxPeer onnx = new(folder, input, settings.Threads, settings.IsSpinning);
                using SlicedPeer onnxSliced = new("ours on ONNX Runtime, by slices", onnxBackend, input);
                using SlicedPeer onnxSpans = new("ours on ONNX Runtime, by spans", onnxBackend, input, bySpans: true);
                using WholePeer whole = new("ours on libtorch, whole step", network, input);
                using SlicedPeer sliced = new("ours on libtorch, by slices", backend, input);
                IPeer[] peers = [plain, onnx, onnxSpans, onnxSliced, whole, sliced];
                Comparison.RequireAgreement(peers, Tolerance);
                AddRows(table, input, Comparison.Measure(peers, settings.Duration));
            }
        }

        AnsiConsole.MarkupLineInterpolated(
            $"{settings.Model}, {settings.Threads} thread(s), {(settings.IsSeamless ? "circular" : "zero")} padding");
        AnsiConsole.Write(table);
    }

    private static void AddRows(Table table, PeerInput input, IReadOnlyList<PeerResult> results)
    {
        foreach (PeerResult result in results)
        {
            table.AddRow(
                $"{input.Size}x{input.Size}",
                $"{input.Batch}",
                Markup.Escape(result.Name),
                Number(result.Milliseconds, 0.5, "F2"),
                $"{Number(result.Milliseconds, 0.1, "F2")}-{Number(result.Milliseconds, 0.9, "F2")}",
                Number(result.Ratios, 0.5, "F3"),
                $"{Number(result.Ratios, 0.1, "F3")}-{Number(result.Ratios, 0.9, "F3")}");
        }

        table.AddEmptyRow();
    }

    private static string Number(double[] values, double share, string format) =>
        PeerResult.Quantile(values, share).ToString(format, CultureInfo.InvariantCulture);
}
