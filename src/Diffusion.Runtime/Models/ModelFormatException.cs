namespace Diffusion.Runtime.Models;

/// <summary>A model file or folder breaks its format; the message names the file, what is wrong and the rule.</summary>
/// <remarks>
/// An <see cref="IOException"/>, so that one handler covers a file that is missing, unreadable or malformed. A tool
/// that catches it shows <see cref="Exception.Message"/> as it is: one sentence on one line.
/// </remarks>
public sealed class ModelFormatException : IOException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="path">The file or folder at fault.</param>
    /// <param name="problem">What is wrong and which rule it breaks, without the path and without a full stop.</param>
    /// <param name="innerException">What the parser said, if anything.</param>
    public ModelFormatException(string path, string problem, Exception? innerException = null)
        : base($"{path}: {problem}.", innerException) => Path = path;

    /// <summary>The file or folder at fault.</summary>
    public string Path { get; }
}
