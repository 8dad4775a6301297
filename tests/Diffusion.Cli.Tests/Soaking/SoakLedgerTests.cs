using Diffusion.Cli.Soaking;
using Diffusion.Runtime;
using Diffusion.Runtime.Chains;

namespace Diffusion.Cli.Tests.Soaking;

public sealed class SoakLedgerTests
{
    private static readonly TextureHandle _texture = new(0, 1);
    private static readonly TextureRequest _request = new() { Width = 8, Height = 8 };

    [Fact]
    public void See_CompletedByItsDeadline_IsMet()
    {
        SoakLedger ledger = new();
        ledger.Begin(_texture, _request with { ReadyWithinTicks = 5 }, tick: 10);

        ledger.See(ledger.Live[0], Progress(ChainStatus.Completed, step: 4), tick: 15);

        Assert.Equal((1, 1, 1, 0), (ledger.Completed, ledger.Deadlines, ledger.DeadlinesMet, ledger.Running));
    }

    [Fact]
    public void See_RunningPastItsDeadline_IsMissedOnce()
    {
        SoakLedger ledger = new();
        ledger.Begin(_texture, _request with { ReadyWithinTicks = 5 }, tick: 10);

        ledger.See(ledger.Live[0], Progress(ChainStatus.Running, step: 2), tick: 16);
        ledger.See(ledger.Live[0], Progress(ChainStatus.Completed, step: 4), tick: 17);

        Assert.Equal((1, 0, 1), (ledger.Deadlines, ledger.DeadlinesMet, ledger.Completed));
    }

    [Fact]
    public void Begin_WhatStillRuns_IsDropped()
    {
        SoakLedger ledger = new();
        ledger.Begin(_texture, _request, tick: 0);
        ledger.Begin(ledger.Live[0], _request, tick: 3);
        ledger.See(ledger.Live[0], Progress(ChainStatus.Failed, step: 1), tick: 4);
        ledger.Release(ledger.Live[0]);

        Assert.Equal((2, 0, 1, 1), (ledger.Begun, ledger.Completed, ledger.Failed, ledger.Dropped));
        Assert.Empty(ledger.Live);
    }

    [Theory]
    [InlineData(ChainStatus.Cancelled, 2, 1UL)]
    [InlineData(ChainStatus.Completed, 3, 1UL)]
    [InlineData(ChainStatus.Running, 2, 0UL)]
    public void See_WhatNothingExplains_IsRefused(ChainStatus status, int step, ulong generation)
    {
        SoakLedger ledger = new();
        ledger.Begin(_texture, _request, tick: 0);
        ledger.See(ledger.Live[0], Progress(ChainStatus.Running, step: 1), tick: 1);

        Assert.Throws<SoakException>(
            () => ledger.See(ledger.Live[0], Progress(status, step) with { Generation = generation }, tick: 2));
    }

    [Fact]
    public void See_RunsOnAfterItsCancellation_IsRefused()
    {
        SoakLedger ledger = new();
        ledger.Begin(_texture, _request, tick: 0);
        ledger.Drop(ledger.Live[0]);

        Assert.Throws<SoakException>(() => ledger.See(ledger.Live[0], Progress(ChainStatus.Running, step: 1), tick: 1));
    }

    private static TextureProgress Progress(ChainStatus status, int step) =>
        new(status, step, StepCount: 4, default, Generation: 1, FailureReason: null);
}
