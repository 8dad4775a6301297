using System.Runtime.InteropServices;

namespace Diffusion.Plugin.Abi;

/// <summary><c>diffusion_tick_report</c>: what a tick promised and what it took.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeTickReport
{
    public uint StructSize;
    public uint StructVersion;
    public double BudgetMs;
    public double TakenMs;
    public double PredictedMs;
    public double NextPredictedMs;
    public int SlicesRun;
    public int StepsCompleted;
    public int TexturesCompleted;
    public int TexturesFailed;
    public uint Forced;
    public uint Stop;
    public double SubmittedMs;
}
