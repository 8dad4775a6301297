using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Diffusion.Torch.UNet;

/// <summary>
/// A convolution that keeps the canvas (or halves it at stride 2), with zero or circular padding chosen per call.
/// </summary>
/// <remarks>nn.Conv2d fixes its padding mode when made; seamless textures need it as a switch. Borrows the
/// layer.</remarks>
internal sealed partial class PaddedConv(Conv2d conv, PaddingSwitch padding, int kernel, int stride, bool asymmetric)
{
    private readonly long[] _strides = [stride, stride];
    private readonly long[] _zeroPadding = kernel == 1 || asymmetric ? [0, 0] : [1, 1];

    // Left, right, top, bottom. diffusers' downsample_padding = 0 pads right and bottom only.
    private readonly long[] _border = asymmetric ? [0, 1, 0, 1] : [1, 1, 1, 1];

    public Conv2d Layer => conv;

    public int Inputs { get; } = (int)conv.weight.shape[1];

    public int Outputs { get; } = (int)conv.weight.shape[0];

    public Tensor Apply(Tensor x)
    {
        if (kernel == 1)
        {
            return functional.conv2d(x, conv.weight, conv.bias, _strides, _zeroPadding);
        }

        if (padding.Circular)
        {
            using Tensor wrapped = functional.pad(x, _border, TorchSharp.PaddingModes.Circular);
            return functional.conv2d(wrapped, conv.weight, conv.bias, _strides);
        }

        if (asymmetric)
        {
            using Tensor padded = functional.pad(x, _border);
            return functional.conv2d(padded, conv.weight, conv.bias, _strides);
        }

        return functional.conv2d(x, conv.weight, conv.bias, _strides, _zeroPadding);
    }

    /// <summary>Starts the layer at zero, so that what it is added to passes unchanged at first.</summary>
    public PaddedConv Zeroed()
    {
        init.zeros_(conv.weight);
        init.zeros_(conv.bias!);
        return this;
    }

    public void Count(SliceCost cost)
    {
        cost.Convolve(Inputs, Outputs, kernel, stride);
        cost.Channels = Outputs;
    }
}
