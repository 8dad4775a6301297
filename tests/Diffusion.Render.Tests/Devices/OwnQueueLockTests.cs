using Diffusion.Render.Devices;

namespace Diffusion.Render.Tests.Devices;

public sealed class OwnQueueLockTests
{
    [Fact]
    public void Enter_WhileAnotherThreadIsIn_AllocatesNothing()
    {
        OwnQueueLock queue = new();
        using ManualResetEventSlim isIn = new(false);
        Thread other = new(() =>
        {
            queue.Enter();
            isIn.Set();
            Thread.Sleep(100);
            queue.Exit();
        });
        other.Start();
        isIn.Wait();

        long before = GC.GetAllocatedBytesForCurrentThread();
        queue.Enter();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        queue.Exit();
        other.Join();

        Assert.Equal(0, allocated);
    }
}
