namespace Diffusion.Onnx.Graphs;

/// <content>The embedding of time and class.</content>
internal sealed partial class UNetGraph
{
    private void EmbedTimeAndClass()
    {
        GraphValue time = Embed("time_embedding", Project(_timestep));
        if (_label is null)
        {
            _embedding = _graph.NameNewest("embedding");
            return;
        }

        GraphValue label = _config.ClassEmbedType switch
        {
            null => _graph.Add(
                "Gather",
                time.Shape,
                [_graph.Weight("class_embedding.weight", _config.NumClassEmbeds, _config.EmbeddingWidth), _label]),
            "timestep" => Embed("class_embedding", Project(
                _graph.Add("Cast", _label.Shape, [_label], new GraphAttribute("to", (long)OnnxModelFile.Float)))),
            "identity" => _label,
            string type => throw new ArgumentException(
                $"class_embed_type '{type}' is unknown: it is timestep, identity or null."),
        };
        _layers.Plus(time, label);
        _embedding = _graph.NameNewest("embedding");
    }

    // The inner activation is SiLU, whatever act_fn says.
    private GraphValue Embed(string path, GraphValue features)
    {
        GraphValue hidden = _layers.Silu(_layers.Linear($"{path}.linear_1", _config.EmbeddingWidth, features));
        return _layers.Linear($"{path}.linear_2", _config.EmbeddingWidth, hidden);
    }

    /// <summary>Network time [N] to a feature vector [N, width].</summary>
    private GraphValue Project(GraphValue time)
    {
        int channels = _config.BlockOutChannels[0];
        long batch = time.Shape[0];
        switch (_config.TimeEmbeddingType)
        {
            case "positional":
                return Sinusoids(time, channels);
            case "fourier":
                // [Song21SDE, App. H.2] sin(2π·ln(t)·w), cos(2π·ln(t)·w) with fixed random w
                GraphValue column = _layers.Reshape(_layers.Map("Log", time), [batch, 1], -1, 1);
                GraphValue angle = Spread(column, _graph.Weight("time_proj.weight", channels));
                angle = _layers.Multiply(angle, _graph.Scalar(2 * Math.PI));
                return _layers.Concat(1, _layers.Map("Sin", angle), _layers.Map("Cos", angle));
            case "learned" when _config.NumTrainTimesteps > 0:
                GraphValue table = _graph.Weight("time_proj.weight", _config.NumTrainTimesteps, channels);
                GraphValue row = _graph.AddInteger(
                    "Cast", time.Shape, [time], new GraphAttribute("to", (long)OnnxModelFile.Int64));
                return _graph.Add("Gather", [batch, channels], [table, row]);
            case "learned":
                throw new ArgumentException("time_embedding_type 'learned' needs num_train_timesteps of at least 1.");
            default:
                throw new ArgumentException(
                    $"time_embedding_type '{_config.TimeEmbeddingType}' is unknown: "
                    + "it is positional, fourier or learned.");
        }
    }

    /// <summary>[Vaswani17, Sec. 3.5] sin(t·ω_i), cos(t·ω_i) with ω_i = 10000^(-i/(half - shift)).</summary>
    private GraphValue Sinusoids(GraphValue time, int width)
    {
        int half = width / 2;
        long batch = time.Shape[0];
        float exponent = (float)(-Math.Log(10000) / (half - _config.FreqShift));
        float[] frequencies = [.. Enumerable.Range(0, half).Select(i => MathF.Exp(i * exponent))];
        GraphValue angle = Spread(
            _layers.Reshape(time, [batch, 1], -1, 1), _graph.Floats("time_frequencies", [half], frequencies));
        (GraphValue sine, GraphValue cosine) = (_layers.Map("Sin", angle), _layers.Map("Cos", angle));
        GraphValue features = _config.FlipSinToCos ? _layers.Concat(1, cosine, sine) : _layers.Concat(1, sine, cosine);
        return width % 2 == 0 ? features : _graph.Add("Pad", [batch, width], [features, _graph.Longs(0, 0, 0, 1)]);
    }

    // [N, 1] times [width].
    private GraphValue Spread(GraphValue column, GraphValue row) =>
        _graph.Add("Mul", [column.Shape[0], row.Shape[0]], [column, row]);
}
