using Diffusion.Plugin.Runtimes;
using Diffusion.Plugin.Tests.Support;
using Diffusion.Render.Compute;
using Diffusion.Render.Tests.Support;

namespace Diffusion.Plugin.Tests;

/// <summary>Hosts that do not tick for a while must not pile up what they gave back.</summary>
public sealed unsafe class RetirementTests
{
    [SkippableFact]
    public void LoadModel_AgainWithoutATick_LeavesNothingOfTheOneBefore()
    {
        using var model = new TestModelFolder();
        using var host = new Host(loadsModel: false);
        BackendFactory.Create = static (folder, device) => new ComputeBackend(folder, device);
        Host.Check(host.LoadModel(model.Folder.Path));

        // The staging buffer and commands of the upload wait for one submission more.
        int afterOne = CountRetired(host);
        for (int i = 0; i < 3; i++)
        {
            Host.Check(host.LoadModel(model.Folder.Path));
            Assert.Equal(afterOne, CountRetired(host));
        }
    }

    [SkippableFact]
    public void Submit_AfterReleasesWithoutATick_FreesThem()
    {
        using var model = new TestModelFolder();
        using var host = new Host(loadsModel: false);
        BackendFactory.Create = static (folder, device) => new ComputeBackend(folder, device);
        Host.Check(host.LoadModel(model.Folder.Path));
        int most = 0;
        for (int i = 0; i < 8; i++)
        {
            // Only what the device is done with can go: without this the machine's load would decide.
            WaitIdle(host);
            ulong texture = host.Submit(Host.Request(size: 16));
            Host.Check(C.Release(host.Runtime, texture));
            int retired = CountRetired(host);
            Assert.True(retired > 0, "a release retires nothing: this test sees nothing");

            // One texture of what came before may still be there: it waits for one submission more.
            most = i < 3 ? Math.Max(most, retired) : most;
            Assert.True(retired <= 2 * most, $"{retired} objects wait after {i + 1} textures, {most} after three");
        }
    }

    private static int CountRetired(Host host)
    {
        using RuntimeCall call = RuntimeTable.Enter(host.Runtime);
        return call.Runtime.Device.Retirement.Count;
    }

    private static void WaitIdle(Host host)
    {
        using RuntimeCall call = RuntimeTable.Enter(host.Runtime);
        call.Runtime.Device.WaitIdle();
    }
}
