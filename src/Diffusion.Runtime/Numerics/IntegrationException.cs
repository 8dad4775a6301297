namespace Diffusion.Runtime.Numerics;

/// <summary>An integration did not reach its end: the step underflowed or the evaluations ran out.</summary>
public sealed class IntegrationException : ArithmeticException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened, where, and what would help.</param>
    public IntegrationException(string message)
        : base(message)
    {
    }
}
