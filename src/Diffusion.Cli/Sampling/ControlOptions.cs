using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Diffusion.Cli.Output;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Cli.Sampling;

/// <summary>The options for a second class, variations and colours.</summary>
internal sealed class ControlOptions
{
    private readonly Option<string?> _secondClass = new("--second-class")
    {
        Description = "Class to mix in; costs an evaluation of the network more. Needs --second-weight or "
            + "--second-mask.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _secondWeight = new("--second-weight")
    {
        Description = "Share of the second class, 0 to 1; A..B goes from one to the other over the sheet of --grid.",
        HelpName = "W|A..B",
    };

    private readonly Option<string?> _secondMask = new("--second-mask")
    {
        Description = "Grey picture of that share for each pixel, scaled to the size: white is the second class.",
        HelpName = "FILE",
    };

    private readonly Option<ulong?> _variationSeed = new("--variation-seed")
    {
        Description = "Seed that --variation leads to.",
        HelpName = "N",
    };

    private readonly Option<string?> _variation = new("--variation")
    {
        Description = "How far the noise is turned from --seed to --variation-seed, 0 to 1; A..B goes from one to the "
            + "other over the sheet of --grid.",
        HelpName = "T|A..B",
    };

    private readonly Option<string?> _color = new("--color")
    {
        Description = "Mean colour of the texture, such as '#a08060'.",
        HelpName = "#RRGGBB",
    };

    private readonly Option<string?> _palette = new("--palette")
    {
        Description = "Picture whose colours the texture takes: their mean and how they spread.",
        HelpName = "FILE",
    };

    private readonly Option<float?> _colorStrength = new Option<float?>("--color-strength")
    {
        Description = "With --color or --palette, how far each step goes towards them. Default: 1.",
        HelpName = "S",
    }.Within(0, 1);

    /// <summary>Adds all options to <paramref name="command"/>.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _secondClass, _secondWeight, _secondMask, _variationSeed, _variation, _color, _palette, _colorStrength,
        ];
        foreach (Option option in all)
        {
            OptionRules.RequireText(option);
            command.Options.Add(option);
        }
    }

    /// <summary>What the user chose.</summary>
    /// <exception cref="UserErrorException">Options do not go together, or a value breaks its rule.</exception>
    public ControlSettings Read(ParseResult result)
    {
        RequireWith(result, _secondWeight, _secondClass);
        RequireWith(result, _secondMask, _secondClass);
        RequireWith(result, _variationSeed, _variation);
        RequireWith(result, _variation, _variationSeed);
        if (IsGiven(result, _secondClass) && IsGiven(result, _secondWeight) == IsGiven(result, _secondMask))
        {
            throw new UserErrorException("--second-class needs --second-weight or --second-mask, and not both.");
        }

        if (IsGiven(result, _color) && IsGiven(result, _palette))
        {
            throw new UserErrorException("--color and --palette both say the colours; give one of them.");
        }

        if (IsGiven(result, _colorStrength) && !IsGiven(result, _color) && !IsGiven(result, _palette))
        {
            throw new UserErrorException("--color-strength needs --color or --palette.");
        }

        return new ControlSettings
        {
            SecondClass = result.GetValue(_secondClass),
            SecondWeight = ReadWeight(result, _secondWeight),
            SecondMaskFile = result.GetValue(_secondMask),
            VariationSeed = result.GetValue(_variationSeed),
            Variation = ReadWeight(result, _variation),
            Colours = ReadColours(result),
        };
    }

    private ColourTarget? ReadColours(ParseResult result)
    {
        float strength = result.GetValue(_colorStrength) ?? 1;
        return result.GetValue(_color) is { } color ? new ColourTarget { Mean = ParseColor(color), Strength = strength }
            : result.GetValue(_palette) is { } file ? ColourTarget.OfPicture(TextureImage.ReadPlanar(file), strength)
            : null;
    }

    private Vector3 ParseColor(string text)
    {
        string digits = text.StartsWith('#') ? text[1..] : text;
        return digits.Length == 6
            && uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint rgb)
                ? new Vector3(Channel(rgb >> 16), Channel(rgb >> 8), Channel(rgb))
                : throw new UserErrorException(
                    $"{_color.Name} '{text}' must be six hexadecimal digits, such as '#a08060'.");

        static float Channel(uint value) => ((value & 255) / 127.5f) - 1;
    }

    private static WeightRange? ReadWeight(ParseResult result, Option<string?> option) =>
        result.GetValue(option) is { } text ? WeightRange.Parse(text, option.Name) : null;

    private static void RequireWith(ParseResult result, Option option, Option needed)
    {
        if (IsGiven(result, option) && !IsGiven(result, needed))
        {
            throw new UserErrorException($"{option.Name} needs {needed.Name}.");
        }
    }

    private static bool IsGiven(ParseResult result, Option option) => result.GetResult(option) is { Implicit: false };
}
