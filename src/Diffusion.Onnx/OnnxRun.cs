using System.Runtime.InteropServices;
using Diffusion.Onnx.Graphs;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Diffusion.Onnx;

/// <summary>One evaluation after another of a network: memory for what its pieces hand on, bound beforehand.</summary>
/// <remarks>Borrows the network. Running a piece or a span allocates nothing on the managed heap.</remarks>
internal sealed unsafe class OnnxRun : IDisposable
{
    private readonly OnnxNetwork _network;
    private readonly RunOptions _options = new();
    private readonly List<OrtIoBinding> _bindings = [];
    private readonly List<OrtIoBinding> _spanBindings = [];
    private readonly List<OrtValue> _views = [];
    private byte* _memory;

    public OnnxRun(OnnxNetwork network)
    {
        _network = network;
        BufferPlan plan = network.Buffers;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)plan.SizeInBytes, BufferPlan.Alignment);
        try
        {
            NativeMemory.Clear(_memory, (nuint)plan.SizeInBytes);
            foreach (PieceRun run in network.Runs)
            {
                Bind(run, _bindings);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The scaled sample [1, C, H, W]; later pieces may take its place.</summary>
    public Span<float> Sample => Floats("sample");

    /// <summary>Network time [1]; likewise.</summary>
    public Span<float> Timestep => Floats("timestep");

    /// <summary>The class label [1], likewise; empty for a network without classes.</summary>
    public Span<long> Label => _network.Inputs.Count > 2 ? At<long>("class_label") : default;

    /// <summary>What the network made [1, C', H, W]; stands after the last piece until the first runs again.</summary>
    public ReadOnlySpan<float> Output => Floats(_network.Output.Name);

    /// <summary>A value by its name, as far as later pieces have not taken its place.</summary>
    public Span<float> Floats(string name) => At<float>(name);

    /// <summary>Runs a piece; those before it have run.</summary>
    /// <exception cref="OnnxRuntimeException">It failed.</exception>
    public void Run(int index) => _network.Runs[index].Session.RunWithBinding(_options, _bindings[index]);

    /// <summary>Whether spans can run; binds them once they are loaded, which allocates.</summary>
    public bool HasSpans
    {
        get
        {
            if (_network.HasSpans && _spanBindings.Count == 0)
            {
                for (int i = 0; i < _network.Spans.Count; i++)
                {
                    Bind(_network.SpanRun(i), _spanBindings);
                }
            }

            return _spanBindings.Count > 0;
        }
    }

    /// <summary>Runs all pieces of a span; those before it have run, and there are spans.</summary>
    /// <exception cref="OnnxRuntimeException">It failed.</exception>
    public void RunSpan(int index) =>
        _network.SpanRun(index).Session.RunWithBinding(_options, _spanBindings[index]);

    public void Dispose()
    {
        foreach (OrtIoBinding binding in _bindings.Concat(_spanBindings))
        {
            binding.Dispose();
        }

        _bindings.Clear();
        _spanBindings.Clear();
        foreach (OrtValue value in _views)
        {
            value.Dispose();
        }

        _views.Clear();
        _options.Dispose();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private void Bind(in PieceRun run, List<OrtIoBinding> bindings)
    {
        OrtIoBinding binding = run.Session.CreateIoBinding();
        bindings.Add(binding);
        foreach (GraphValue input in run.Part.Inputs)
        {
            binding.BindInput(input.Name, View(input));
        }

        foreach (GraphValue output in run.Part.Outputs)
        {
            binding.BindOutput(output.Name, View(output));
        }
    }

    private OrtValue View(GraphValue value)
    {
        OrtValue view = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance,
            value.IsInteger ? TensorElementType.Int64 : TensorElementType.Float,
            value.Shape,
            (nint)(_memory + _network.Buffers.OffsetOf(value.Name)),
            value.SizeInBytes);
        _views.Add(view);
        return view;
    }

    private Span<T> At<T>(string name)
        where T : unmanaged => new(
            _memory + _network.Buffers.OffsetOf(name), (int)_network.Buffers.LengthOf(name));
}
