using System.Numerics;
using Diffusion.Runtime.Denoising;
using Diffusion.Runtime.Models;
using Diffusion.Runtime.Schedules;
using Diffusion.Runtime.Solvers;

namespace Diffusion.Runtime.Tests;

public sealed class TextureRequestTests
{
    private static readonly TextureRequest _good = new() { Width = 8, Height = 8, ClassLabel = 0 };

    private static readonly TextureRequest _mixed = _good with { SecondClassName = "wood", SecondClassWeight = 0.5f };
    private static readonly TextureRequest _masked =
        _good with { SecondClassLabel = 1, SecondClassMask = new float[64] };

    public static TheoryData<TextureRequest, string> BadRequests => new()
    {
        { _good with { Steps = 0 }, "Steps must be 1 to 1000 on the schedule 'linear', not 0." },
        { _good with { Steps = 100_000 }, "not 100000." },
        { _good with { Width = 0 }, "Width must be a multiple of 4 from 4 to 4096, not 0." },
        { _good with { Width = 10 }, "not 10." },
        { _good with { Height = -4 }, "Height must be a multiple of 4 from 4 to 4096, not -4." },
        { _good with { Height = 4100 }, "not 4100." },
        { _good with { ClassName = "lava", ClassLabel = null }, "Unknown class 'lava'; known are stone, wood, grass." },
        { _good with { ClassName = "wood" }, "Class 'wood' has label 1, not 0" },
        { _good with { ClassLabel = 4 }, "ClassLabel must be 0 to 2, not 4." },
        { _good with { ClassLabel = -1 }, "not -1." },
        { _good with { GuidanceScale = -1 }, "GuidanceScale must be finite and at least 0, not -1." },
        { _good with { GuidanceScale = float.NaN }, "not NaN." },
        { _good with { Image = new float[5] }, "The image holds 5 values; 3·Height·Width is 192." },
        { _good with { Image = new float[192], Strength = 0 }, "Strength must be above 0 and at most 1, not 0." },
        { _good with { Image = OneBadPixel(float.NaN) }, "Value 7 of the image is NaN; it must be finite." },
        { _good with { Image = OneBadPixel(float.NegativeInfinity) }, "Value 7 of the image is -Infinity" },
        { _good with { Mask = new float[64] }, "A request with a Mask needs an Image" },
        { _good with { Image = new float[192], Mask = new float[5] }, "The mask holds 5 values; Height·Width is 64." },
        { _good with { Image = new float[192], Mask = OneBadValue(1.5f) }, "Value 7 of the mask is 1.5; it must be" },
        { _good with { Image = new float[192], Mask = OneBadValue(-0.1f) }, "Value 7 of the mask is -0.1" },
        { _good with { Image = new float[192], Mask = OneBadValue(float.NaN) }, "Value 7 of the mask is NaN" },
        {
            _good with { Image = new float[192], Mask = new float[64], Solver = new DdimInversionSolver() },
            "'ddim-inversion' turns a whole image into noise; the request must have no Mask."
        },
        { _good with { Strength = 0.5 }, "Strength must be 1, not 0.5, for a request without an Image." },
        { _good with { ClassLabel = 3 }, "ClassLabel 3 is the null class; leave ClassLabel null" },
        { _good with { GuidanceInterval = new(2, 1) }, "0 <= MinRatio <= MaxRatio, not 2 and 1." },
        { _good with { GuidanceInterval = new(-1, 1) }, "not -1 and 1." },
        { _good with { GuidanceInterval = new(double.NaN, 1) }, "not NaN and 1." },
        { _good with { Spacing = (StepSpacing)9 }, "Unknown step spacing" },
        { _good with { EndTime = -1 }, "EndTime must be from 0 to the last step's 49 on the schedule 'linear'" },
        { _good with { Variation = -0.1f }, "Variation must be from 0 to 1, not -0.1." },
        { _good with { Variation = float.NaN }, "not NaN." },
        { _good with { SecondClassWeight = 0.5f }, "SecondClassWeight and SecondClassMask need a second class." },
        { _good with { SecondClassMask = new float[64] }, "SecondClassMask need a second class." },
        { _good with { SecondClassName = "wood" }, "A second class needs SecondClassWeight or SecondClassMask" },
        { _mixed with { SecondClassMask = new float[64] }, "and not both." },
        { _mixed with { SecondClassWeight = 1.5f }, "SecondClassWeight must be from 0 to 1, not 1.5." },
        { _mixed with { SecondClassWeight = float.NaN }, "not NaN." },
        { _mixed with { SecondClassName = "lava" }, "Unknown class 'lava'; known are stone, wood, grass." },
        { _mixed with { SecondClassName = null, SecondClassLabel = 4 }, "SecondClassLabel must be 0 to 2, not 4." },
        { _mixed with { SecondClassName = null, SecondClassLabel = 3 }, "SecondClassLabel 3 is the null class" },
        { _masked with { SecondClassMask = new float[63] }, "SecondClassMask holds 63 values; Height·Width is 64." },
        { _masked with { SecondClassMask = OneBadWeight(1.01f) }, "Value 5 of SecondClassMask is 1.01; it must be" },
        { _masked with { SecondClassMask = OneBadWeight(float.NaN) }, "Value 5 of SecondClassMask is NaN" },
        { _good with { Colours = Colour(0, 2) }, "Colours.Mean must be from -1 to 1 in each channel" },
        { _good with { Colours = Colour(0, float.NaN) }, "Colours.Mean must be" },
        { _good with { Colours = Colour(0, 0) with { Strength = 2 } }, "Colours.Strength must be from 0 to 1, not 2." },
        {
            _good with { Colours = Colour(0, 0) with { Covariance = new(1, 2, 0, 1, 0, 1) } },
            "Colours.Covariance must be finite and have no negative variance in any direction"
        },
        {
            _good with { Solver = new DdimInversionSolver(), Image = new float[192], Colours = Colour(0, 0) },
            "The solver 'ddim-inversion' turns an image into the noise that leads back to it"
        },
        { _good with { Times = new double[] { 500, 20 }, EndTime = 21 }, "the last step's 20 on the schedule" },
    };

    [Theory]
    [MemberData(nameof(BadRequests), DisableDiscoveryEnumeration = true)]
    public void Submit_BadRequest_NamesValueAndRuleAndChangesNothing(TextureRequest request, string message)
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, GaussianBackend.Model);

        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => runtime.Submit(request));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, backend.LiveSessions);
    }

    private static float[] OneBadWeight(float value)
    {
        float[] mask = new float[64];
        mask[5] = value;
        return mask;
    }

    private static ColourTarget Colour(float red, float blue) => new() { Mean = new Vector3(red, 0, blue) };

    private static float[] OneBadPixel(float value)
    {
        float[] image = new float[192];
        image[7] = value;
        return image;
    }

    private static float[] OneBadValue(float value)
    {
        float[] mask = new float[64];
        mask[7] = value;
        return mask;
    }

    [Fact]
    public void Restart_BadRequest_LeavesTheTextureRunning()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });
        TextureHandle handle = runtime.Submit(_good);

        Assert.ThrowsAny<ArgumentException>(() => runtime.Restart(handle, _good with { Steps = 0 }));
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(20, runtime.GetProgress(handle).Step);
    }

    [Fact]
    public void Submit_GuidanceWithoutNullClass_IsRefused()
    {
        using GaussianBackend backend = new();
        ModelDescription model = GaussianBackend.Model with { NullLabel = -1 };
        using DiffusionRuntime runtime = new(backend, model);

        ArgumentException error = Assert.Throws<ArgumentException>(
            () => runtime.Submit(_good with { GuidanceScale = 2 }));
        ArgumentException missing = Assert.Throws<ArgumentException>(
            () => runtime.Submit(_good with { ClassLabel = null }));

        Assert.Equal("GuidanceScale must be 1, not 2, for this network has no null class.", error.Message);
        Assert.Equal("This network needs a class; known are stone, wood, grass.", missing.Message);
    }

    [Fact]
    public void Submit_EndTime_EndsAtTheLevelThere()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(
            backend, GaussianBackend.Model, new RuntimeOptions { Clock = backend.Clock });

        TextureHandle handle = runtime.Submit(_good with { Times = new double[] { 900, 500, 20 }, EndTime = 10 });
        runtime.Tick(TimeSpan.MaxValue);

        Assert.Equal(GaussianBackend.Model.Schedule.At(10), runtime.GetProgress(handle).Level);
        Assert.Equal(3, runtime.GetProgress(handle).StepCount);
    }

    [Fact]
    public void Submit_Strength_RunsThatPartOfTheSteps()
    {
        using GaussianBackend backend = new();
        using DiffusionRuntime runtime = new(backend, GaussianBackend.Model);

        TextureHandle handle = runtime.Submit(_good with { Image = new float[192], Strength = 0.25 });

        Assert.Equal(5, runtime.GetProgress(handle).StepCount);
    }
}
