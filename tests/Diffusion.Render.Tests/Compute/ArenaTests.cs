using CsCheck;
using Diffusion.Render.Compute.Planning;

namespace Diffusion.Render.Tests.Compute;

public sealed class ArenaTests
{
    [Fact]
    public void Place_RandomLives_NoTwoThatLiveTogetherOverlap() => Gen.Select(
        Gen.Int[1, 5000], Gen.Int[0, 30], Gen.Int[0, 8]).Array[1, 60].Sample(lives =>
        {
            PlannedTensor[] tensors = [.. lives.Select((life, i) => Tensor(i, life.Item1, life.Item2, life.Item3))];

            long size = Arena.Place(tensors);

            for (int i = 0; i < tensors.Length; i++)
            {
                Assert.Equal(0, tensors[i].Offset % Arena.Alignment);
                Assert.InRange(tensors[i].Offset + tensors[i].SizeInBytes, 1, size);
                for (int j = 0; j < i; j++)
                {
                    bool liveTogether = lives[i].Item2 <= lives[j].Item2 + lives[j].Item3
                        && lives[j].Item2 <= lives[i].Item2 + lives[i].Item3;
                    bool overlap = tensors[i].Offset < tensors[j].Offset + tensors[j].SizeInBytes
                        && tensors[j].Offset < tensors[i].Offset + tensors[i].SizeInBytes;
                    Assert.False(liveTogether && overlap);
                }
            }
        });

    [Fact]
    public void Place_ChainOfEqualTensors_TakesTwoPlaces()
    {
        // Each is written while its predecessor is read.
        PlannedTensor[] tensors = [.. Enumerable.Range(0, 10).Select(i => Tensor(i, 1024, i, 1))];

        Assert.Equal(2 * 1024, Arena.Place(tensors));
    }

    [Fact]
    public void Place_AllLiveAtOnce_TakesTheirSum()
    {
        PlannedTensor[] tensors = [.. Enumerable.Range(0, 5).Select(i => Tensor(i, 256 * (i + 1), 0, 9))];

        Assert.Equal(256 * 15, Arena.Place(tensors));
    }

    private static PlannedTensor Tensor(int index, int size, int first, int span)
    {
        PlannedTensor tensor = new($"t{index}", size);
        tensor.Use(first);
        tensor.Use(first + span);
        return tensor;
    }
}
