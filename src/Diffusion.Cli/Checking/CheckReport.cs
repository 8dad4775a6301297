namespace Diffusion.Cli.Checking;

/// <summary>What <c>check</c> writes: keys in snake case, more may be added.</summary>
internal sealed record CheckReport
{
    /// <summary>Version of the keys.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>Whether what is there works, and there is a device and a backend at all.</summary>
    public bool Passed => DeviceError is null && ValidationMessages is null or { Count: 0 }
        && Backends.Any(backend => backend.State == CheckState.Works)
        && Backends.All(backend => backend.State != CheckState.Failed)
        && Sharing.Any(path => path.State == CheckState.Works)
        && Sharing.All(path => path.State != CheckState.Failed);

    /// <summary>Why no device could be made; null when one was.</summary>
    public string? DeviceError { get; init; }

    /// <summary>The machine's devices.</summary>
    public IReadOnlyList<CheckedDevice> Devices { get; init; } = [];

    /// <summary>Where the network can run.</summary>
    public IReadOnlyList<CheckedBackend> Backends { get; init; } = [];

    /// <summary>How samples can reach the device.</summary>
    public IReadOnlyList<CheckedPath> Sharing { get; init; } = [];

    /// <summary>What the validation layer said; null when it was not asked.</summary>
    public IReadOnlyList<string>? ValidationMessages { get; init; }
}
