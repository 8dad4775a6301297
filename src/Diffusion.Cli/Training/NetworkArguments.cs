using System.CommandLine;
using System.Globalization;
using Diffusion.Runtime.Models;

namespace Diffusion.Cli.Training;

/// <summary>The options of <c>train</c> that say which network learns.</summary>
internal static class NetworkArguments
{
    /// <summary>
    /// Divides every width; diffusers' 32 would ask for wider levels than a budget of milliseconds has.
    /// </summary>
    private const int NormGroups = 16;

    private const string ScaleShift = "scale_shift";
    private const string NoAttention = "none";
    private const string LowestAttention = "lowest";

    private static readonly Option<string> _width = new("--width")
    {
        Description = $"Channels of each level, top first; multiples of {NormGroups}.",
        DefaultValueFactory = _ => "64,96,128",
    };

    private static readonly Option<int> _layers = new Option<int>("--layers")
    {
        Description = "Residual blocks a level.",
        DefaultValueFactory = _ => 1,
    }.Within(1, 16);

    private static readonly Option<int> _patch = new Option<int>("--patch")
    {
        Description = "Edge of the pixel-unshuffle patch; 1 for none, as for grey pictures.",
        DefaultValueFactory = _ => 2,
    }.Within(1, 16);

    private static readonly Option<string> _attention = new Option<string>("--attention")
    {
        Description = "Self-attention nowhere, in the middle block, or in the blocks of the lowest level too.",
        DefaultValueFactory = _ => "middle",
    }.AcceptOnlyFromAmong(NoAttention, "middle", LowestAttention);

    private static readonly Option<string> _timeScaleShift = new Option<string>("--time-scale-shift")
    {
        Description = "How blocks take in the time: added, or as scale and shift.",
        DefaultValueFactory = _ => "default",
    }.AcceptOnlyFromAmong("default", ScaleShift);

    /// <summary>All of them, for the command; a teacher decides them where there is one.</summary>
    public static IReadOnlyList<Option> All => [_width, _layers, _patch, _attention, _timeScaleShift];

    /// <summary>The network that was asked for; the number of classes is the data's.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="canvas">Edge of the training pictures.</param>
    /// <param name="channels">Channels of a picture: 3, or 1 for grey, of which no patches are made unless asked
    /// for.</param>
    /// <param name="learnsVariance">Whether it predicts the variance of the reverse steps too.</param>
    /// <exception cref="UserErrorException"><c>--width</c> lists no multiples of 16.</exception>
    public static UNetConfig ConfigOf(ParseResult parsed, int canvas, int channels, bool learnsVariance)
    {
        var widths = WidthsOf(parsed.GetValue(_width)!);
        var patch = channels == 1 && parsed.GetResult(_patch)?.Implicit != false ? 1 : parsed.GetValue(_patch);
        var timeScaleShift = parsed.GetValue(_timeScaleShift)!;
        var attention = parsed.GetValue(_attention)!;
        var imageChannels = channels * patch * patch;
        var (down, up) = (new string[widths.Length], new string[widths.Length]);
        Array.Fill(down, "DownBlock2D");
        Array.Fill(up, "UpBlock2D");
        if (attention == LowestAttention)
        {
            (down[^1], up[0]) = ("AttnDownBlock2D", "AttnUpBlock2D");
        }

        return new UNetConfig
        {
            SampleSize = canvas,
            InChannels = imageChannels,
            OutChannels = learnsVariance ? 2 * imageChannels : imageChannels,
            PatchSize = patch,
            DownBlockTypes = down,
            UpBlockTypes = up,
            BlockOutChannels = widths,
            LayersPerBlock = parsed.GetValue(_layers),
            NormNumGroups = NormGroups,
            AddAttention = attention != NoAttention,
            AttentionHeadDim = 32,
            ResnetTimeScaleShift = timeScaleShift,

            // Under scale_shift diffusers gives the middle attention no normalisation unless it is asked to.
            AttnNormNumGroups = timeScaleShift == ScaleShift ? NormGroups : 0,
        };
    }

    private static int[] WidthsOf(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var widths = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out widths[i])
                || widths[i] == 0 || widths[i] % NormGroups != 0)
            {
                throw new UserErrorException(
                    $"{_width.Name} '{text}' must list multiples of {NormGroups}, such as 64,96,128.");
            }
        }

        return widths;
    }
}
