using Diffusion.Torch.Quality;
using Diffusion.Torch.Training;

namespace Diffusion.Torch.Tests.Quality;

public sealed class QualityScorerTests : IDisposable
{
    private const int Canvas = 32;
    private const int Large = 2 * Canvas;

    private readonly TextureDataset _data = TextureDataset.Create(Images(), Canvas);
    private readonly TextureClassifier _classifier;
    private readonly QualityScorer _scorer;

    public QualityScorerTests()
    {
        _classifier = TextureClassifier.Train(_data, iterations: 30, seed: 1, _ => { }, CancellationToken.None);
        _scorer = new QualityScorer(_data, _classifier, replicates: 60, seed: 1);
    }

    public void Dispose()
    {
        _scorer.Dispose();
        _classifier.Dispose();
    }

    [Fact]
    public void Classifier_HeldOutPicturesOfPlainClasses_AreRecognised()
    {
        Assert.Equal(["across", "down"], _scorer.Classes);
        Assert.Equal(new Estimate(1, 1, 1), _scorer.ScoreHeldOut().Accuracy);
        Assert.Equal([0.0, 0.0], _scorer.Score(Swapped(_scorer.HeldOut)).AccuracyByClass);
    }

    [Fact]
    public void Classifier_SameSeed_PredictsTheSame()
    {
        float[][] pictures = [.. Enumerable.Range(0, 20).Select(seed => Pictures.Noise(Canvas, 0.5, seed))];
        using var again = TextureClassifier.Train(_data, iterations: 30, seed: 1, _ => { }, CancellationToken.None);

        Assert.Equal(_classifier.Predict(pictures), again.Predict(pictures));
    }

    [Fact]
    public void Score_TheHeldOutPicturesThemselves_IsZeroToThem()
    {
        QualityScore score = _scorer.Score(_scorer.HeldOut);

        Assert.Equal(0, score.SlicedToHeldOut!.Value, 1e-6);
        Assert.Equal(0.5, score.Nearer!.Value, 1e-9);
        Assert.Equal(score.SlicedToTraining, _scorer.ScoreHeldOut().SlicedToTraining);
    }

    [Fact]
    public void Score_AnotherClassAndNoise_AreFartherThanHeldOutPictures()
    {
        QualityScore heldOut = _scorer.ScoreHeldOut();
        QualityScore other = _scorer.Score(Swapped(_scorer.Training));
        QualityScore noise = _scorer.Score(new LabelledPictures(
            Canvas,
            [.. Enumerable.Range(0, 2).Select(
                _ => Enumerable.Range(0, 4).Select(i => Pictures.Noise(Canvas, 1, i)).ToArray())]));

        foreach (QualityScore worse in (QualityScore[])[other, noise])
        {
            Assert.InRange(worse.SlicedToTraining!.Low, heldOut.SlicedToTraining!.High, double.MaxValue);
            Assert.InRange(worse.StatisticsToTraining!.Low, heldOut.StatisticsToTraining!.Value + 0.1, 1);
            Assert.InRange(worse.RatioTo(heldOut)!.Value, 1.2, double.MaxValue);
        }

        Assert.InRange(noise.FineDetail.Low, 3, double.MaxValue);
        Assert.InRange(noise.Spectrum!.Low, heldOut.Spectrum!.High, double.MaxValue);
    }

    [Fact]
    public void Score_TrainingPicturesThemselves_AreFoundOut()
    {
        QualityScore score = _scorer.Score(_scorer.Training.Take(4));

        Assert.Equal(1, score.Nearer!.Value);
        Assert.InRange(score.NearestQuantiles[^1], 0, 0.01);
        Assert.InRange(score.Diversity.Value, 0.7, 1.3);
        Assert.Equal(8, score.Count);
    }

    [Fact]
    public void Score_OnePictureAgainAndAgain_HasNoDiversity()
    {
        LabelledPictures same = _scorer.Training with
        {
            ByLabel = [.. _scorer.Training.ByLabel.Select(p => Enumerable.Repeat(p[0], 5).ToArray())],
        };

        Assert.Equal(0, _scorer.Score(same).Diversity.Value, 1e-6);
    }

    [Fact]
    public void RatioTo_SameSeeds_ComparesPictureWithPicture()
    {
        QualityScore score = _scorer.Score(_scorer.Training);

        Assert.Equal(new Estimate(1, 1, 1), score.RatioTo(score));
        Assert.Null(_scorer.ScoreTraining(4).RatioTo(score));
    }

    [Fact]
    public void Score_ClassWithoutPictures_IsRefused() => Assert.Throws<ArgumentException>(
        () => _scorer.Score(_scorer.Training with { ByLabel = [_scorer.Training.ByLabel[0], []] }));

    private static LabelledPictures Swapped(LabelledPictures pictures) =>
        pictures with { ByLabel = [.. pictures.ByLabel.Reverse()] };

    /// <summary>
    /// Two classes of random stripes that wrap, across and down, sixteen of each: the eighth is held out.
    /// </summary>
    private static IEnumerable<TrainingImage> Images()
    {
        var random = new Random(1);
        foreach (bool isDown in (bool[])[false, true])
        {
            for (int i = 0; i < 16; i++)
            {
                (int waves, double phase) = (4 + (i % 8), Math.Tau * random.NextDouble());
                byte[] rgb = new byte[3 * Large * Large];
                for (int k = 0; k < rgb.Length; k++)
                {
                    int along = isDown ? k / 3 % Large : k / 3 / Large;
                    double stripe = Math.Cos((Math.Tau * waves * along / Large) + phase);
                    rgb[k] = (byte)(128 + (70 * stripe) + (40 * random.NextDouble()));
                }

                yield return new TrainingImage($"{i:00}.png", isDown ? "down" : "across", Large, rgb);
            }
        }
    }
}
