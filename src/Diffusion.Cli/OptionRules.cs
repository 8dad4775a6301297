using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Diffusion.Cli;

/// <summary>What options may hold: checked while the command line is parsed, before any work.</summary>
internal static class OptionRules
{
    /// <summary>The value must lie in [<paramref name="least"/>, <paramref name="most"/>].</summary>
    public static Option<T> Within<T>(this Option<T> option, T least, T most)
        where T : struct, INumber<T>
    {
        Require<T>(option, value => value >= least && value <= most, $"from {least} to {most}");
        return option;
    }

    /// <inheritdoc cref="Within{T}(Option{T}, T, T)"/>
    public static Option<T?> Within<T>(this Option<T?> option, T least, T most)
        where T : struct, INumber<T>
    {
        Require<T>(option, value => value >= least && value <= most, $"from {least} to {most}");
        return option;
    }

    /// <summary>The value must lie in (0, <paramref name="most"/>].</summary>
    public static Option<T> PositiveUpTo<T>(this Option<T> option, T most)
        where T : struct, INumber<T>
    {
        Require<T>(option, value => value > T.Zero && value <= most, $"above 0 and at most {most}");
        return option;
    }

    /// <inheritdoc cref="PositiveUpTo{T}(Option{T}, T)"/>
    public static Option<T?> PositiveUpTo<T>(this Option<T?> option, T most)
        where T : struct, INumber<T>
    {
        Require<T>(option, value => value > T.Zero && value <= most, $"above 0 and at most {most}");
        return option;
    }

    /// <summary>Refuses options that were given, whatever their values.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">What must not be there.</param>
    /// <param name="why">The rule, behind the name of the first that is.</param>
    /// <exception cref="UserErrorException">One of them is there.</exception>
    public static void RefuseGiven(ParseResult parsed, IEnumerable<Option> options, string why)
    {
        if (options.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } given)
        {
            throw new UserErrorException($"{given.Name} {why}");
        }
    }

    /// <summary>
    /// The value must not be empty: an empty path means the working directory to some and nothing to others.
    /// </summary>
    public static Option<string> NotEmpty(this Option<string> option)
    {
        RequireText(option);
        return option;
    }

    /// <inheritdoc cref="NotEmpty(Option{string})"/>
    public static void RequireText(Option option) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
        {
            result.AddError($"{option.Name} is empty.");
        }
    });

    // By the token: values that are no number at all are the parser's to report.
    private static void Require<T>(Option option, Func<T, bool> rule, string text)
        where T : struct, INumber<T> => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1
            && T.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var value)
            && !rule(value))
        {
            result.AddError($"{option.Name} is {result.Tokens[0].Value}; it must be {text}.");
        }
    });
}
