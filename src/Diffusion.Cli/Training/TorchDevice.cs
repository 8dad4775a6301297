using TorchSharp;
using static TorchSharp.torch;

namespace Diffusion.Cli.Training;

/// <summary>Picks the device that a command computes on.</summary>
internal static class TorchDevice
{
    /// <summary>CUDA where it is available, unless a device is named.</summary>
    /// <exception cref="UserErrorException">The name is unknown, or the device is not there.</exception>
    public static Device Parse(string? name)
    {
        if (name is null)
        {
            return cuda_is_available() ? CUDA : CPU;
        }

        var (type, index) = (name.Split(':')[0], name.Contains(':', StringComparison.Ordinal) ? name.Split(':')[1] : "0");
        if (type is not ("cpu" or "cuda") || !int.TryParse(index, out var number) || (type == "cpu" && name != "cpu"))
        {
            throw new UserErrorException($"The device '{name}' is unknown; it is cpu, cuda or cuda:N.");
        }

        if (type == "cuda" && (!cuda_is_available() || number >= cuda.device_count()))
        {
            int offered = cuda_is_available() ? cuda.device_count() : 0;
            throw new UserErrorException(
                $"The device '{name}' is not there: this machine, or this build of libtorch, offers {offered} CUDA "
                + "devices.");
        }

        return new Device(type == "cpu" ? DeviceType.CPU : DeviceType.CUDA, type == "cpu" ? -1 : number);
    }
}
