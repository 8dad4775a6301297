using Diffusion.Plugin.Abi;
using Diffusion.Plugin.Errors;
using Diffusion.Runtime;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;

namespace Diffusion.Plugin.Runtimes;

/// <summary>Turns a <c>diffusion_request</c> into a <see cref="TextureRequest"/>, where zero is a default.</summary>
internal static unsafe class RequestReader
{
    private const RequestFlags AllFlags = RequestFlags.NotSeamless | RequestFlags.Unclamped | RequestFlags.ClassLabel
        | RequestFlags.SecondClassLabel | RequestFlags.EndTime;

    // As the runtime has it; checked here too, for the image's length is computed from them.
    private const int MaxSize = 4096;
    private const double MaxFadeMs = 60_000;

    public static TextureRequest Read(in NativeRequest native, ModelDescription model)
    {
        var flags = (RequestFlags)native.Flags;
        Require((flags & ~AllFlags) == 0, $"flags has unknown bits: 0x{native.Flags:x}.");
        Require(native.Width is > 0 and <= MaxSize, $"width must be from 1 to {MaxSize}, not {native.Width}.");
        Require(native.Height is > 0 and <= MaxSize, $"height must be from 1 to {MaxSize}, not {native.Height}.");
        Require(native.ReadyWithinTicks >= 0, $"ready_within_ticks must not be negative: {native.ReadyWithinTicks}.");
        Require(!double.IsNaN(native.Strength), "strength must be a number.");
        ReadDisplay(native.Display);
        ReadFade(native.FadeMs);
        bool hasLabel = flags.HasFlag(RequestFlags.ClassLabel);
        Require(!hasLabel || native.ClassLabel >= 0, $"class_label must not be negative: {native.ClassLabel}.");
        bool hasSecondLabel = flags.HasFlag(RequestFlags.SecondClassLabel);
        Require(
            !hasSecondLabel || native.SecondClassLabel >= 0,
            $"second_class_label must not be negative: {native.SecondClassLabel}.");
        string? secondClass = Utf8Text.Read(native.SecondClassName, "second_class_name");
        string? schedule = Utf8Text.Read(native.Schedule, "schedule");
        string? spacing = Utf8Text.Read(native.Spacing, "spacing");
        var request = new TextureRequest
        {
            Width = native.Width,
            Height = native.Height,
            ClassName = Utf8Text.Read(native.ClassName, "class_name"),
            ClassLabel = hasLabel ? native.ClassLabel : null,
            SecondClassName = secondClass,
            SecondClassLabel = hasSecondLabel ? native.SecondClassLabel : null,
            SecondClassWeight = ReadSecondWeight(native, secondClass is not null || hasSecondLabel),
            Seed = native.Seed,
            VariationSeed = native.VariationSeed,
            Variation = native.Variation,
            OriginX = native.OriginX,
            OriginY = native.OriginY,
            Schedule = schedule is null ? null : NoiseSchedules.Parse(schedule),
            Spacing = spacing is null ? null : StepSpacings.Parse(spacing),
            GuidanceScale = native.GuidanceScale == 0 ? 1 : native.GuidanceScale,
            GuidanceInterval = new GuidanceInterval(
                native.GuidanceMinRatio,
                native.GuidanceMaxRatio == 0 ? double.PositiveInfinity : native.GuidanceMaxRatio),
            Seamless = !flags.HasFlag(RequestFlags.NotSeamless),
            Clamp = !flags.HasFlag(RequestFlags.Unclamped),
            ThresholdRatio = native.ThresholdRatio,
            Colours = ColourReader.Read(native),
            Priority = native.Priority,
            ReadyWithinTicks = native.ReadyWithinTicks == 0 ? null : native.ReadyWithinTicks,
            Steps = native.Steps == 0 ? null : native.Steps,
            Strength = native.Strength == 0 ? 1 : native.Strength,
        };
        int pixels = native.Width * native.Height;
        return request with
        {
            Solver = SolverReader.Read(native, model),
            Times = SolverReader.ReadTimes(native),
            EndTime = SolverReader.ReadEndTime(native),
            SecondClassMask = Copy(native.SecondClassMask, pixels),
            Image = Copy(native.Image, 3 * pixels),
            Mask = Copy(native.Mask, pixels),
        };
    }

    public static TimeSpan ReadFade(double milliseconds)
    {
        Require(
            milliseconds is >= 0 and <= MaxFadeMs, $"fade_ms must be from 0 to {MaxFadeMs}, not {milliseconds}.");
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    // Zero is a weight; without a second class, and with a mask, it must be left at that.
    private static float? ReadSecondWeight(in NativeRequest native, bool hasSecond) =>
        native.SecondClassWeight == 0 && (!hasSecond || native.SecondClassMask is not null)
            ? null
            : native.SecondClassWeight;

    public static DisplayMode ReadDisplay(uint display)
    {
        Require(display <= (uint)DisplayMode.Denoised, $"display must be 0 or 1, not {display}.");
        return (DisplayMode)display;
    }

    // Empty for null; the host's memory is not kept.
    private static ReadOnlyMemory<float> Copy(float* values, int count) =>
        values is null ? default : new ReadOnlySpan<float>(values, count).ToArray();

    /// <exception cref="PluginException">The rule does not hold.</exception>
    internal static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new PluginException(ResultCode.ErrorInvalidArgument, rule);
        }
    }
}
