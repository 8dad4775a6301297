namespace Diffusion.Cli.Evaluation;

/// <summary>What <c>evaluate</c> computes.</summary>
internal enum EvaluationKind
{
    /// <summary>The variational bound in bits per dimension.</summary>
    Bound,

    /// <summary>The likelihood by the probability-flow ODE in bits per dimension.</summary>
    Flow,

    /// <summary>The optimal variance, saved beside the model.</summary>
    OptimalVariance,
}
