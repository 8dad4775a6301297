using Diffusion.Plugin.Errors;

namespace Diffusion.Plugin.Runtimes;

/// <summary>
/// The runtimes by handle. A handle holds a place and its generation, so that one that ended never names another
/// runtime, and a made-up one names none; no pointer leaves the library.
/// </summary>
/// <remarks>Any thread.</remarks>
internal static class RuntimeTable
{
    /// <summary>The most runtimes at a time.</summary>
    public const int Capacity = 64;

    private static readonly Lock _gate = new();
    private static readonly Place[] _places = CreatePlaces();

    /// <summary>Takes a runtime in; it belongs to the calling thread.</summary>
    /// <exception cref="PluginException">The table is full.</exception>
    public static ulong Add(PluginRuntime runtime)
    {
        lock (_gate)
        {
            int index = Array.FindIndex(_places, static place => place.Runtime is null);
            if (index < 0)
            {
                throw new PluginException(
                    ResultCode.ErrorLimit, $"There are {Capacity} runtimes; destroy one before creating another.");
            }

            Place free = _places[index];
            free.Runtime = runtime;
            free.Generation++;
            free.Owner = Environment.CurrentManagedThreadId;
            free.IsInCall = false;
            return ((ulong)free.Generation << 32) | (uint)(index + 1);
        }
    }

    /// <summary>Begins a call on the runtime's thread; the scope ends it.</summary>
    /// <exception cref="PluginException">No such runtime, another thread's, or already in a call.</exception>
    public static RuntimeCall Enter(ulong handle)
    {
        lock (_gate)
        {
            Place place = Find(handle);
            if (place.Owner != Environment.CurrentManagedThreadId)
            {
                throw new PluginException(
                    ResultCode.ErrorWrongThread,
                    "The runtime belongs to another thread; diffusion_attach_thread moves it.");
            }

            RefuseWithinCall(place);
            place.IsInCall = true;
            return new RuntimeCall(place);
        }
    }

    /// <summary>Makes the calling thread the runtime's.</summary>
    /// <exception cref="PluginException">No such runtime, or in a call.</exception>
    public static void Attach(ulong handle)
    {
        lock (_gate)
        {
            Place place = Find(handle);
            RefuseWithinCall(place);
            place.Owner = Environment.CurrentManagedThreadId;
        }
    }

    internal static void Exit(Place place)
    {
        lock (_gate)
        {
            place.IsInCall = false;
            if (place.IsEnding)
            {
                // Only now is the place free: a runtime that took it earlier would see its call ended by ours.
                place.IsEnding = false;
                place.Runtime = null;
            }
        }
    }

    private static Place Find(ulong handle)
    {
        uint index = (uint)handle - 1;
        Place? place = index < Capacity ? _places[index] : null;
        return place?.Runtime is not null && place.Generation == (uint)(handle >> 32)
            ? place
            : throw new PluginException(
                ResultCode.ErrorInvalidHandle, $"0x{handle:x} names no runtime; it was destroyed or never created.");
    }

    private static void RefuseWithinCall(Place place)
    {
        if (place.IsInCall)
        {
            throw new PluginException(
                ResultCode.ErrorBusy, "The runtime is in a call; its callbacks must not call it, nor other threads.");
        }
    }

    private static Place[] CreatePlaces()
    {
        var places = new Place[Capacity];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = new Place();
        }

        return places;
    }

    /// <summary>One place of the table, guarded by its lock.</summary>
    internal sealed class Place
    {
        public PluginRuntime? Runtime;
        public uint Generation;
        public int Owner;
        public bool IsInCall;

        /// <summary>Set within a call: the handle ends with it.</summary>
        public bool IsEnding;
    }
}
