using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Diffusion.Torch.UNet;

/// <summary>Makes the leaf layers and hangs each into the module tree at its diffusers path.</summary>
internal sealed class Layers(nn.Module root, PaddingSwitch padding)
{
    private readonly Dictionary<string, ModuleGroup> _groups = [];

    /// <summary>A 3x3 convolution that pads, or with kernel 1 none.</summary>
    public PaddedConv Conv(
        string path, int inputs, int outputs, int kernel = 3, int stride = 1, bool asymmetric = false)
    {
        Conv2d conv = nn.Conv2d(inputs, outputs, kernel, stride);
        conv.weight = ChannelsLast(conv.weight);
        Register(path, conv);
        return new PaddedConv(conv, padding, kernel, stride, asymmetric);
    }

    /// <summary>Group normalisation with weight 1 and bias 0: TorchSharp 0.107 leaves both uninitialised.</summary>
    /// <exception cref="ArgumentException">The groups do not divide the channels.</exception>
    public GroupNorm Norm(string path, int groups, int channels, double epsilon)
    {
        if (groups < 1 || channels % groups != 0)
        {
            throw new ArgumentException(
                $"{path} has {channels} channels, which {groups} normalisation groups do not divide.");
        }

        GroupNorm norm = Register(path, nn.GroupNorm(groups, channels, epsilon));
        nn.init.ones_(norm.weight!);
        nn.init.zeros_(norm.bias!);
        return norm;
    }

    public Linear Linear(string path, int inputs, int outputs) => Register(path, nn.Linear(inputs, outputs));

    public Embedding Embedding(string path, int rows, int width) => Register(path, nn.Embedding(rows, width));

    public Dropout Dropout(string path, double rate) => Register(path, nn.Dropout(rate));

    /// <summary>A tensor that is saved and moved with the network, and never trained.</summary>
    /// <returns>Reads it where it now stands: moving a module replaces its buffers.</returns>
    public Func<Tensor> Buffer(string path, Tensor value)
    {
        int dot = path.LastIndexOf('.');
        nn.Module parent = Parent(path[..dot]);
        string name = path[(dot + 1)..];
        parent.register_buffer(name, value);
        return () => parent.get_buffer(name)!;
    }

    /// <summary>Hangs a module at a dotted path below the root and returns it.</summary>
    public T Register<T>(string path, T module)
        where T : nn.Module
    {
        int dot = path.LastIndexOf('.');
        Parent(dot < 0 ? "" : path[..dot]).register_module(path[(dot + 1)..], module);
        return module;
    }

    /// <summary>The same kernel, channels last in memory, which makes oneDNN convolve in that layout.</summary>
    /// <remarks>
    /// In its other layout, blocks of 16 channels, the oneDNN 3.7.1 of libtorch 2.10 computes wrong batches on CPUs
    /// with AVX2 or AVX-512: values where the channels going in fill no block, input gradients where those coming out
    /// do not (48 to 12 channels were off by 28 %, or NaN), and input gradients at stride 2. It costs up to a fifth of
    /// a batch of one.
    /// </remarks>
    private static Parameter ChannelsLast(Parameter kernel)
    {
        using Tensor detached = kernel.detach();
        using Tensor permuted = detached.permute(0, 2, 3, 1);
        using Tensor channelsLast = permuted.contiguous();
        return new Parameter(channelsLast.permute(0, 3, 1, 2));
    }

    private nn.Module Parent(string path)
    {
        if (path.Length == 0)
        {
            return root;
        }

        if (!_groups.TryGetValue(path, out ModuleGroup? group))
        {
            _groups[path] = group = Register(path, new ModuleGroup());
        }

        return group;
    }

    /// <summary>A node of the tree that only gives its children their prefix.</summary>
    private sealed class ModuleGroup() : nn.Module(nameof(ModuleGroup));
}
