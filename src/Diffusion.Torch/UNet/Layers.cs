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
        Conv2d conv = Register(path, nn.Conv2d(inputs, outputs, kernel, stride));
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
