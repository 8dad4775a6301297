using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Diffusion.Render.Sharing;

/// <summary>The CPU time of the calling thread: what it costs, not how long others kept it waiting.</summary>
/// <remarks>Where the system has no such clock of use (Windows counts in ticks of 15 ms), the wall's.</remarks>
internal static unsafe partial class ThreadClock
{
    private const int ThreadCpuTime = 3; // CLOCK_THREAD_CPUTIME_ID of Linux

    public static TimeSpan Now
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                return Stopwatch.GetElapsedTime(0);
            }

            Time time;
            _ = GetTime(ThreadCpuTime, &time);
            return new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick));
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, Time* time);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
