using System.Buffers.Binary;
using System.IO.Compression;
using Diffusion.Torch.Training;

namespace Diffusion.Cli.Data;

/// <summary>Reads a folder with Fashion-MNIST's four idx.gz files. [Xiao17]</summary>
internal static class FashionMnistFolder
{
    /// <summary>Width and height of the pictures in pixels.</summary>
    public const int Edge = 28;

    public const string TrainPictures = "train-images-idx3-ubyte.gz";
    public const string TrainLabels = "train-labels-idx1-ubyte.gz";
    public const string TestPictures = "t10k-images-idx3-ubyte.gz";
    public const string TestLabels = "t10k-labels-idx1-ubyte.gz";

    private const int PicturesMagic = 0x803;
    private const int LabelsMagic = 0x801;
    private const int MaxCount = 1_000_000;

    private static readonly string[] _classNames =
    [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ];

    /// <summary>Whether a folder holds such a set.</summary>
    public static bool IsOne(string folder) => File.Exists(Path.Combine(folder, TrainPictures));

    /// <summary>Reads the set.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="heldOutCount">How many of the test pictures to hold out, or all.</param>
    /// <exception cref="UserErrorException">A file is missing or malformed.</exception>
    public static GreyPictures Load(string folder, int heldOutCount = int.MaxValue)
    {
        byte[] test = Read(Path.Combine(folder, TestPictures), PicturesMagic);
        byte[] labels = Read(Path.Combine(folder, TestLabels), LabelsMagic);
        int count = Math.Min(heldOutCount, Math.Min(labels.Length, test.Length / (Edge * Edge)));
        try
        {
            return new GreyPictures(
                Edge,
                _classNames,
                (Read(Path.Combine(folder, TrainPictures), PicturesMagic),
                    Read(Path.Combine(folder, TrainLabels), LabelsMagic)),
                (test.AsMemory(0, count * Edge * Edge), labels.AsMemory(0, count)));
        }
        catch (ArgumentException exception)
        {
            throw new UserErrorException(
                $"The files in '{folder}' do not fit together: {exception.Message}", exception);
        }
    }

    /// <summary>The bytes of an idx file after its header, whose every number is checked.</summary>
    private static byte[] Read(string path, int magic)
    {
        if (!File.Exists(path))
        {
            throw new UserErrorException($"'{path}' is missing; 'data fashion-mnist' makes it.");
        }

        try
        {
            using var file = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
            Span<byte> number = stackalloc byte[sizeof(int)];
            Require(path, "magic number", ReadNumber(file, number), magic);
            int count = ReadNumber(file, number);
            if (count is < 1 or > MaxCount)
            {
                throw new UserErrorException($"'{path}' says that it has {count} items; it must be 1 to {MaxCount}.");
            }

            int size = 1;
            if (magic == PicturesMagic)
            {
                Require(path, "height", ReadNumber(file, number), Edge);
                Require(path, "width", ReadNumber(file, number), Edge);
                size = Edge * Edge;
            }

            byte[] bytes = new byte[count * size];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is InvalidDataException or EndOfStreamException)
        {
            throw new UserErrorException($"'{path}' is cut off or no gzip file.", exception);
        }
    }

    private static int ReadNumber(Stream file, Span<byte> buffer)
    {
        file.ReadExactly(buffer);
        return BinaryPrimitives.ReadInt32BigEndian(buffer);
    }

    private static void Require(string path, string what, int value, int expected)
    {
        if (value != expected)
        {
            throw new UserErrorException($"The {what} of '{path}' is {value}; it must be {expected}.");
        }
    }
}
