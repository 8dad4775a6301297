using System.Runtime.InteropServices;

namespace Diffusion.Onnx.Graphs;

/// <summary>Writes a graph as an ONNX file: intermediate representation 9, operator set 19.</summary>
/// <remarks>
/// Field numbers are those of onnx.proto. Weights go to the stream one by one, so that no second copy of them is held.
/// </remarks>
internal static class OnnxModelFile
{
    /// <summary>Element type float32.</summary>
    public const int Float = 1;

    /// <summary>Element type int64.</summary>
    public const int Int64 = 7;

    // The first operator set whose Pad wraps around.
    private const int OperatorSet = 19;
    private const int IntermediateVersion = 9;

    /// <summary>Writes it.</summary>
    /// <param name="destination">Receives the file; stays open.</param>
    /// <param name="part">The graph.</param>
    /// <param name="read">The values of a weight.</param>
    /// <param name="dimensions">The extents of an input or output: numbers, or texts for free ones.</param>
    /// <param name="notes">For whoever runs the file.</param>
    /// <exception cref="NotSupportedException">The weights exceed the 2 GB that the format holds.</exception>
    public static void Write(
        Stream destination,
        GraphPart part,
        Func<GraphValue, float[]> read,
        Func<GraphValue, IEnumerable<object>> dimensions,
        params (string Key, string Value)[] notes)
    {
        WireWriter body = Body(part, dimensions);
        (byte[] Header, GraphValue Weight)[] weights =
            [.. part.Weights.Select(weight => (TensorHeader(weight), weight))];
        long length = body.Written.Length + weights.Sum(pair => pair.Header.LongLength + pair.Weight.SizeInBytes);
        if (length > int.MaxValue)
        {
            throw new NotSupportedException(
                $"The network's weights take {length / 1e9:F1} GB as float32; an ONNX file holds 2 GB.");
        }

        WireWriter model = new();
        model.Number(1, IntermediateVersion);
        model.Text(2, "Diffusion");
        model.Text(3, typeof(OnnxModelFile).Assembly.GetName().Version!.ToString(3));
        model.Message(8, set => set.Number(2, OperatorSet));
        foreach (string domain in part.Nodes.Select(node => node.Domain).Where(domain => domain.Length > 0).Distinct())
        {
            model.Message(8, set =>
            {
                set.Text(1, domain);
                set.Number(2, 1);
            });
        }

        foreach ((string key, string value) in notes)
        {
            model.Message(14, entry =>
            {
                entry.Text(1, key);
                entry.Text(2, value);
            });
        }

        model.Prefix(7, length);
        destination.Write(model.Written);
        destination.Write(body.Written);
        foreach ((byte[] header, GraphValue weight) in weights)
        {
            destination.Write(header);
            destination.Write(MemoryMarshal.AsBytes<float>(read(weight)));
        }
    }

    private static WireWriter Body(GraphPart part, Func<GraphValue, IEnumerable<object>> dimensions)
    {
        WireWriter graph = new();
        foreach (GraphNode node in part.Nodes)
        {
            graph.Message(1, writer => Write(writer, node));
        }

        graph.Text(2, part.Name);
        foreach (GraphConstant constant in part.Constants)
        {
            graph.Message(5, writer =>
            {
                Describe(writer, constant.Value);
                writer.Bytes(9, constant.Bytes);
            });
        }

        foreach (GraphValue input in part.Inputs)
        {
            graph.Message(11, writer => Declare(writer, input, dimensions(input)));
        }

        foreach (GraphValue output in part.Outputs)
        {
            graph.Message(12, writer => Declare(writer, output, dimensions(output)));
        }

        return graph;
    }

    private static void Write(WireWriter writer, GraphNode node)
    {
        foreach (GraphValue input in node.Inputs)
        {
            writer.Text(1, input.Name);
        }

        writer.Text(2, node.Output.Name);
        writer.Text(3, node.Name);
        writer.Text(4, node.Op);
        foreach (GraphAttribute attribute in node.Attributes)
        {
            writer.Message(5, inner => Write(inner, attribute));
        }

        if (node.Domain.Length > 0)
        {
            writer.Text(7, node.Domain);
        }
    }

    private static void Write(WireWriter writer, GraphAttribute attribute)
    {
        const int Type = 20;
        writer.Text(1, attribute.Name);
        switch (attribute.Value)
        {
            case float number:
                writer.Single(2, number);
                writer.Number(Type, 1);
                break;
            case long number:
                writer.Number(3, number);
                writer.Number(Type, 2);
                break;
            case string text:
                writer.Text(4, text);
                writer.Number(Type, 3);
                break;
            case long[] numbers:
                foreach (long number in numbers)
                {
                    writer.Number(8, number);
                }

                writer.Number(Type, 7);
                break;
            default:
                throw new InvalidOperationException(
                    $"The attribute '{attribute.Name}' is a {attribute.Value.GetType().Name}.");
        }
    }

    // A weight up to its values: the tags and lengths of the tensor and of its last field.
    private static byte[] TensorHeader(GraphValue value)
    {
        WireWriter inner = new();
        Describe(inner, value);
        inner.Prefix(9, value.SizeInBytes);
        WireWriter outer = new();
        outer.Prefix(5, inner.Written.Length + value.SizeInBytes);
        return [.. outer.Written, .. inner.Written];
    }

    private static void Describe(WireWriter tensor, GraphValue value)
    {
        foreach (long extent in value.Shape)
        {
            tensor.Number(1, extent);
        }

        tensor.Number(2, value.IsInteger ? Int64 : Float);
        tensor.Text(8, value.Name);
    }

    private static void Declare(WireWriter writer, GraphValue value, IEnumerable<object> dimensions)
    {
        writer.Text(1, value.Name);
        writer.Message(2, type => type.Message(1, tensor =>
        {
            tensor.Number(1, value.IsInteger ? Int64 : Float);
            tensor.Message(2, shape =>
            {
                foreach (object dimension in dimensions)
                {
                    shape.Message(1, writer => Write(writer, dimension));
                }
            });
        }));
    }

    private static void Write(WireWriter writer, object dimension)
    {
        if (dimension is string free)
        {
            writer.Text(2, free);
        }
        else
        {
            writer.Number(1, (long)dimension);
        }
    }
}
