namespace Diffusion.Render.Devices.Memory;

/// <summary>What a block of memory is used by.</summary>
internal enum MemoryUser
{
    /// <summary>Many resources that share it.</summary>
    Many,

    /// <summary>One resource, for which it was allocated.</summary>
    One,

    /// <summary>One resource, over memory that is the host's and was imported.</summary>
    Host,
}
