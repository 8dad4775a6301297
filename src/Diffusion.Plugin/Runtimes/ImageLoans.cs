using Diffusion.Plugin.Errors;
using Diffusion.Render.Devices;
using Diffusion.Render.Sharing;

namespace Diffusion.Plugin.Runtimes;

/// <summary>
/// Which images of a texture the host reads: on loan until it names a semaphore's value, then until that is reached.
/// </summary>
/// <remarks>Each entry holds its image once (<see cref="SharedTexture.Hold"/>). Allocates nothing after construction.
/// </remarks>
internal sealed unsafe class ImageLoans(VulkanDevice device, SharedTexture texture)
{
    /// <summary>The most loans of a texture at a time.</summary>
    public const int Capacity = 32;

    private readonly Loan[] _loans = new Loan[Capacity];
    private readonly Reader[] _readers = new Reader[Capacity];
    private ulong _lastId;

    /// <summary>Whether the device still reads an image for the host.</summary>
    public bool HasReaders => Array.Exists(_readers, static reader => reader.Semaphore != 0);

    /// <summary>Lends an image.</summary>
    /// <returns>The loan's number, never given twice.</returns>
    /// <exception cref="PluginException">There are <see cref="Capacity"/> loans.</exception>
    public ulong Begin(int image)
    {
        int free = Array.FindIndex(_loans, static loan => loan.Id == 0);
        if (free < 0)
        {
            throw new PluginException(
                ResultCode.ErrorLimit,
                $"{Capacity} images of this texture are on loan; give them back by diffusion_release_after.");
        }

        texture.Hold(image);
        _loans[free] = new Loan(++_lastId, image);
        return _lastId;
    }

    /// <summary>Takes a loan back.</summary>
    /// <param name="id">From <see cref="Begin"/>.</param>
    /// <param name="semaphore">The host's timeline, or 0 when it has stopped reading.</param>
    /// <param name="value">The value after which it no longer reads.</param>
    /// <exception cref="PluginException">No such loan, or no room; nothing changed.</exception>
    public void End(ulong id, ulong semaphore, ulong value)
    {
        int place = -1;
        for (int i = 0; i < Capacity && id != 0; i++)
        {
            place = _loans[i].Id == id ? i : place;
        }

        if (place < 0)
        {
            throw new PluginException(
                ResultCode.ErrorInvalidHandle, $"{id} is no loan of this texture; it was given back or never made.");
        }

        int image = _loans[place].Image;
        if (semaphore == 0)
        {
            texture.Unhold(image);
        }
        else
        {
            Await(new Reader(image, semaphore, value));
        }

        _loans[place] = default;
    }

    /// <summary>Takes back what is on loan, as read until now.</summary>
    public void EndAll()
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_loans[i].Id != 0)
            {
                texture.Unhold(_loans[i].Image);
                _loans[i] = default;
            }
        }
    }

    /// <summary>Lets go of the images that the device no longer reads; polls, never waits.</summary>
    public void Poll()
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (_readers[i].Semaphore == 0)
            {
                continue;
            }

            ulong reached;
            device.Api.GetSemaphoreCounterValue(
                device.Handle, new Silk.NET.Vulkan.Semaphore(_readers[i].Semaphore), &reached).Check();
            if (reached >= _readers[i].Value)
            {
                texture.Unhold(_readers[i].Image);
                _readers[i] = default;
            }
        }
    }

    // One entry for an image and a semaphore: timelines only grow, so the largest value says it all.
    private void Await(Reader reader)
    {
        int free = -1;
        for (int i = 0; i < Capacity; i++)
        {
            if (_readers[i].Image == reader.Image && _readers[i].Semaphore == reader.Semaphore)
            {
                _readers[i] = reader with { Value = Math.Max(reader.Value, _readers[i].Value) };
                texture.Unhold(reader.Image);
                return;
            }

            free = _readers[i].Semaphore == 0 ? i : free;
        }

        _readers[free >= 0 ? free : throw new PluginException(
            ResultCode.ErrorLimit, $"{Capacity} semaphores are waited for by this texture already.")] = reader;
    }

    private readonly record struct Loan(ulong Id, int Image);

    private readonly record struct Reader(int Image, ulong Semaphore, ulong Value);
}
