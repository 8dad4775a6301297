using System.Globalization;
using Diffusion.Cli.Data;
using Diffusion.Cli.Output;
using Diffusion.Runtime.Noise;
using Diffusion.Runtime.Sharing;
using Diffusion.Torch.Quality;
using Diffusion.Torch.Training;
using TorchSharp;

namespace Diffusion.Cli.Evaluation.Quality;

/// <summary>Makes the textures of a comparison, times and scores them; done work is found again.</summary>
internal sealed class QualityRun
{
    private const float NoiseSpread = 0.5f;

    private readonly QualitySettings _settings;
    private readonly QualityModel[] _models;
    private readonly TextureDataset _data;
    private readonly RowList _list;

    /// <summary>Opens models and data and checks that they fit, before anything is written.</summary>
    /// <exception cref="UserErrorException">They do not fit the settings or each other.</exception>
    public QualityRun(QualitySettings settings)
    {
        _settings = settings;
        _models = [.. settings.Models.Select(choice => new QualityModel(choice))];
        int edge = _models[0].Edge;
        if (Array.Find(_models, model => model.Edge != edge) is { } other)
        {
            string name = settings.Models[Array.IndexOf(_models, other)].Folder;
            throw new UserErrorException(
                $"The models '{settings.Models[0].Folder}' and '{name}' make textures of {edge} and {other.Edge} "
                + "pixels, which cannot be compared.");
        }

        OutputFile.RequireWritableFolder(settings.Folder);
        if (settings.Gallery is { } gallery)
        {
            OutputFile.RequireWritableFolder(gallery, "--gallery");
        }

        if (FashionMnistFolder.IsOne(settings.Data))
        {
            throw new UserErrorException($"'{settings.Data}' has grey pictures; --quality measures coloured textures.");
        }

        _list = new RowList(settings.Seed, settings.Count, edge, [.. _models.SelectMany(RowsOf)])
            .Merge(settings.Folder);
        _data = TextureDataset.Create(TextureFolder.Load(settings.Data), edge);
        if (_data.HeldOutCount == 0)
        {
            throw new UserErrorException(
                $"'{settings.Data}' has too few textures: none is held out, and --quality compares with those.");
        }

        Array.ForEach(_models, model => model.Require(_data.ClassNames));
        Store = new SampleStore(settings.Folder, edge, settings.Count);
        Timer = new RowTimer(settings.Folder);
    }

    /// <summary>The textures.</summary>
    public SampleStore Store { get; }

    /// <summary>The times.</summary>
    public RowTimer Timer { get; }

    /// <summary>Names of all classes.</summary>
    public IReadOnlyList<string> ClassNames => _data.ClassNames;

    /// <summary>The pictures that were held out, by class.</summary>
    public LabelledPictures? HeldOut { get; private set; }

    /// <summary>Textures of rows that are complete, and how many rows are.</summary>
    public (int Done, int All) State => (_list.Rows.Count(IsComplete), _list.Rows.Count);

    /// <summary>Makes what textures are missing.</summary>
    public void MakeSamples(Action<double> progress, CancellationToken cancellation)
    {
        _list.Save(_settings.Folder);
        double all = SampleMaker.Missing(_models.SelectMany(RowsOf), ClassNames, Store)
            .Sum(strip => (double)strip.Row.Steps * _settings.Count);
        double done = 0;
        foreach (QualityModel model in _models)
        {
            QualityRow[] rows = RowsOf(model);
            SampleMaker.Make(model, rows, ClassNames, _list, Store, Report, cancellation);
        }

        // Solvers of two evaluations a step do more than was counted.
        void Report(int steps)
        {
            lock (_list)
            {
                done += steps;
                progress(Math.Min(1, done / all));
            }
        }
    }

    /// <summary>Times the rows, or those without a time.</summary>
    public void Measure(bool again, Action<double> progress, CancellationToken cancellation)
    {
        double all = _models.SelectMany(RowsOf).Where(Wanted).Sum(row => (double)row.Steps * _settings.Timed);
        double done = 0;
        foreach (QualityModel model in _models)
        {
            QualityRow[] rows = [.. RowsOf(model).Where(Wanted)];
            Timer.Measure(model, rows, ClassNames[0], _settings.Timed, Report, cancellation);
        }

        void Report(int steps) => progress(Math.Min(1, (done += steps) / all));

        bool Wanted(QualityRow row) => again || Timer[row] is null;
    }

    /// <summary>Trains the judge and scores every complete row.</summary>
    /// <param name="taught">Hears the share of the judge's training.</param>
    /// <param name="scored">Hears the share of sets scored.</param>
    /// <param name="cancellation">Ends it early.</param>
    public QualityResult Score(Action<double> taught, Action<double> scored, CancellationToken cancellation)
    {
        torch.set_num_threads(Environment.ProcessorCount);
        using var judge = TextureClassifier.Train(
            _data, _settings.ClassifierIterations, _settings.Seed, taught, cancellation);
        using var scorer = new QualityScorer(_data, judge, _settings.Replicates, _settings.Seed);
        HeldOut = scorer.HeldOut;
        QualityRow[] rows = [.. _list.Rows.Where(IsComplete)];
        int done = 0;
        QualityScore[] marks =
        [
            Count(scorer.ScoreHeldOut()),
            Count(scorer.ScoreTraining(_settings.Count)),
            Count(scorer.Score(AnotherClass(scorer), findsNearest: false)),
            Count(scorer.Score(Noise(), findsNearest: false)),
        ];
        var scores = rows.ToDictionary(row => row, row => Count(scorer.Score(Read(row), IsMostOfItsCurve(rows, row))));
        return new QualityResult
        {
            Date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Machine = $"{Environment.ProcessorCount} cores",
            Count = _settings.Count,
            Seed = _settings.Seed,
            Edge = _list.Edge,
            Replicates = _settings.Replicates,
            ClassifierIterations = _settings.ClassifierIterations,
            Classes = scorer.Classes,
            HeldOutCounts = [.. scorer.HeldOut.ByLabel.Where(p => p.Count > 0).Select(p => p.Count)],
            OtherClasses = [.. ClassNames.Except(scorer.Classes)],
            HeldOut = marks[0],
            Training = marks[1],
            AnotherClass = marks[2],
            Noise = marks[3],
            Rows = [.. rows.Select(row => new RowResult
            {
                Row = row,
                Time = Timer[row],
                Score = scores[row],
                ToMostSteps = scores[row].RatioTo(scores[MostSteps(rows, row)]),
            })],
        };

        QualityScore Count(QualityScore score)
        {
            cancellation.ThrowIfCancellationRequested();
            scored((double)++done / (rows.Length + 4));
            return score;
        }
    }

    // Looking for the nearest pictures costs more than all else, and few steps copy no better than many.
    private static bool IsMostOfItsCurve(QualityRow[] rows, QualityRow row) =>
        !rows.Any(other => other.Curve == row.Curve && other.Steps > row.Steps);

    // By the same solver where it has as many: in many steps, solvers without noise all make the same texture.
    private static QualityRow MostSteps(QualityRow[] rows, QualityRow row) => rows
        .Where(r => r.ModelKey == row.ModelKey)
        .OrderByDescending(r => r.Steps)
        .ThenByDescending(r => r.Solver == row.Solver)
        .First();

    private QualityRow[] RowsOf(QualityModel model) =>
        [.. _settings.Solvers.SelectMany(solver => _settings.Steps.Select(steps => model.Row(solver, steps)))];

    private bool IsComplete(QualityRow row) => ClassNames.All(name => Store.Has(row, name));

    private LabelledPictures Read(QualityRow row) =>
        new(_list.Edge, [.. ClassNames.Select(name => Store.Read(row, name))]);

    // Of the next class that is scored, so that every one stands for another.
    private LabelledPictures AnotherClass(QualityScorer scorer)
    {
        LabelledPictures training = scorer.Training.Take(_settings.Count);
        int[] labels =
            [.. Enumerable.Range(0, ClassNames.Count).Where(label => scorer.HeldOut.ByLabel[label].Count > 0)];
        var byLabel = training.ByLabel.ToArray();
        for (int i = 0; i < labels.Length; i++)
        {
            byLabel[labels[i]] = training.ByLabel[labels[(i + 1) % labels.Length]];
        }

        return training with { ByLabel = byLabel };
    }

    private LabelledPictures Noise()
    {
        int count = _settings.Count;
        IEnumerable<int> labels = Enumerable.Range(0, ClassNames.Count);
        return new LabelledPictures(
            _list.Edge,
            [.. labels.Select(label => Enumerable.Range(label * count, count).Select(DrawNoise).ToArray())]);
    }

    private float[] DrawNoise(int number)
    {
        var picture = new float[SampleRing.Channels * _list.Edge * _list.Edge];
        var source = new NoiseSource(_settings.Seed, (uint)number);
        GaussianNoise.Fill(picture, _list.Edge, _list.Edge, SampleRing.Channels, source, step: 0);
        for (int i = 0; i < picture.Length; i++)
        {
            picture[i] = Math.Clamp(NoiseSpread * picture[i], -1, 1);
        }

        return picture;
    }
}
