using System.Globalization;
using System.Text.Json;
using Diffusion.Runtime.Denoising;

namespace Diffusion.Runtime.Models.Configuration;

/// <summary><see cref="CleanVariance"/> to and from <c>optimal_variance.json</c>.</summary>
internal static class CleanVarianceJson
{
    private const string LambdasKey = "lambdas";
    private const string VariancesKey = "variances";

    public static CleanVariance Read(ConfigObject json)
    {
        IReadOnlyList<double> lambdas = Numbers(json, LambdasKey);
        IReadOnlyList<double> variances = Numbers(json, VariancesKey);
        if (lambdas.Count != variances.Count)
        {
            throw json.Bad($"'{LambdasKey}' has {lambdas.Count} values and '{VariancesKey}' has {variances.Count}; "
                + "they must agree");
        }

        for (int i = 0; i < lambdas.Count; i++)
        {
            if (i > 0 && lambdas[i] <= lambdas[i - 1])
            {
                throw json.Bad($"'{LambdasKey}' has {Text(lambdas[i])} after {Text(lambdas[i - 1])}; "
                    + "its values must rise");
            }

            if (variances[i] < 0)
            {
                throw json.Bad($"'{VariancesKey}' has {Text(variances[i])}; every value must be at least 0");
            }
        }

        return new CleanVariance(lambdas, variances);
    }

    public static void Write(Utf8JsonWriter json, CleanVariance variance)
    {
        json.WriteStartObject();
        WriteNumbers(json, LambdasKey, variance.Lambdas);
        WriteNumbers(json, VariancesKey, variance.Variances);
        json.WriteEndObject();
    }

    private static IReadOnlyList<double> Numbers(ConfigObject json, string key) =>
        json.NumbersOrNull(key) is { Count: > 0 } numbers
            ? numbers
            : throw json.Bad($"'{key}' is missing or empty; the curve needs at least one point");

    private static void WriteNumbers(Utf8JsonWriter json, string key, IReadOnlyList<double> numbers)
    {
        json.WriteStartArray(key);
        foreach (double number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
