using Diffusion.Onnx.Graphs;

namespace Diffusion.Onnx;

/// <summary>How networks are cut and laid out.</summary>
/// <param name="WorkPerPiece">See <see cref="GraphCutter.WorkPerPiece"/>; infinity leaves slices whole.</param>
/// <param name="Block">Channels of a block, see <see cref="BlockedLayout"/>; 0 leaves layouts to ONNX Runtime, piece by
/// piece, and makes no spans.</param>
internal readonly record struct OnnxLayout(double WorkPerPiece, int Block);
