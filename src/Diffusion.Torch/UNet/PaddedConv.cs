using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Diffusion.Torch.UNet;

/// <summary>
/// A convolution that keeps the canvas (or halves it at stride 2), with zero or circular padding chosen per call.
/// </summary>
/// <remarks>nn.Conv2d fixes its padding mode when made; seamless textures need it as a switch. Borrows the
/// layer.</remarks>
internal sealed class PaddedConv(Conv2d conv, PaddingSwitch padding, int kernel, int stride, bool asymmetric)
{
    private readonly long[] _strides = [stride, stride];
    private readonly long[] _zeroPadding = kernel == 1 || asymmetric ? [0, 0] : [1, 1];

    // Left, right, top, bottom. diffusers' downsample_padding = 0 pads right and bottom only.
    private readonly long[] _border = asymmetric ? [0, 1, 0, 1] : [1, 1, 1, 1];

    // oneDNN 3.7.1 is wrong by a fifth for a 1x1 kernel on channels-last input whose output fills no blocks of 16; a
    // contiguous input goes another way. It costs a copy, which networks with usual channels need not pay.
    private readonly bool _fillsBlocks = conv.weight.shape[0] % 16 == 0 && conv.weight.shape[1] % 16 == 0;

    public Conv2d Layer => conv;

    public int Inputs { get; } = (int)conv.weight.shape[1];

    public int Outputs { get; } = (int)conv.weight.shape[0];

    public Tensor Apply(Tensor x)
    {
        if (kernel == 1)
        {
            using Tensor input = _fillsBlocks ? x.alias() : x.contiguous();
            return functional.conv2d(input, conv.weight, conv.bias, _strides, _zeroPadding);
        }

        if (padding.Circular || asymmetric)
        {
            using Tensor padded = Pad(x);
            return functional.conv2d(padded, conv.weight, conv.bias, _strides);
        }

        return functional.conv2d(x, conv.weight, conv.bias, _strides, _zeroPadding);
    }

    /// <summary>The input with the border that the convolution reads beyond the canvas.</summary>
    public Tensor Pad(Tensor x) =>
        kernel == 1 ? x
        : padding.Circular ? functional.pad(x, _border, TorchSharp.PaddingModes.Circular)
        : functional.pad(x, _border);

    /// <summary>Room for the output of a padded input.</summary>
    public Tensor Room(Tensor padded) => empty(
        padded.shape[0],
        Outputs,
        ((padded.shape[2] - kernel) / stride) + 1,
        ((padded.shape[3] - kernel) / stride) + 1,
        dtype: padded.dtype,
        device: padded.device);

    /// <summary>Computes the output's rows <paramref name="first"/> .. first + count - 1 into their place.</summary>
    public void ApplyRows(Tensor padded, Tensor output, int first, int count)
    {
        using Tensor band = padded.narrow(2, (long)first * stride, ((count - 1L) * stride) + kernel);
        using Tensor rows = functional.conv2d(band, conv.weight, conv.bias, _strides);
        using Tensor place = output.narrow(2, first, count);
        place.copy_(rows);
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
