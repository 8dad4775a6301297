namespace Diffusion.Plugin.Abi;

/// <summary>What every struct of the ABI begins with.</summary>
internal struct StructHeader
{
    /// <summary>Bytes that the host's header gives the struct.</summary>
    public uint StructSize;

    /// <summary><c>DIFFUSION_STRUCT_VERSION</c> of the host's header.</summary>
    public uint StructVersion;
}
