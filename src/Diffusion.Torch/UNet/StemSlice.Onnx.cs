using Diffusion.Torch.Onnx;
using Onnx;

namespace Diffusion.Torch.UNet;

/// <content>The stem as ONNX nodes.</content>
internal sealed partial class StemSlice
{
    protected override string Emit(OnnxFlow flow)
    {
        OnnxGraph graph = flow.Graph;
        flow.Embedding = EmitEmbedding(flow);
        string x = flow.Hidden;
        if (_config.CenterInputSample)
        {
            x = graph.Add("Sub", [graph.Multiply(x, graph.Scalar(2)), graph.Scalar(1)]);
        }

        if (_config.PatchSize == 1)
        {
            return _conv.Emit(flow, x);
        }

        // SpaceToDepth puts the place within the patch before the channel, pixel_unshuffle after it. The order of the
        // kernel's inputs is changed, which is constant, and not that of the activations.
        int places = _config.PatchSize * _config.PatchSize;
        long[] order = [.. Enumerable.Range(0, _config.InChannels)
            .Select(i => (long)(((i % _config.ImageChannels) * places) + (i / _config.ImageChannels)))];
        string kernel = graph.Add(
            "Gather", [graph.Weight(_conv.Layer.weight), graph.Longs(order)], OnnxAttribute.Of("axis", 1));
        return _conv.Emit(
            flow, graph.Add("SpaceToDepth", [x], OnnxAttribute.Of("blocksize", _config.PatchSize)), kernel);
    }

    private string EmitEmbedding(OnnxFlow flow)
    {
        OnnxGraph graph = flow.Graph;
        string time = _time.Emit(graph, _projection.Emit(graph, flow.Timestep));
        if (flow.Label is not { } label)
        {
            return time;
        }

        string embedding = label;
        if (_classTable is not null)
        {
            embedding = graph.Add("Gather", [graph.Table("class_embedding", _classTable), label]);
        }
        else if (_classTime is not null)
        {
            string number = graph.Cast(label, TensorProto.Types.DataType.Float);
            embedding = _classTime.Emit(graph, _projection.Emit(graph, number));
        }

        return graph.Plus(time, embedding);
    }
}
