using Diffusion.Runtime;
using Diffusion.Runtime.Chains;

namespace Diffusion.Cli.Soaking;

/// <summary>Accounts for every generation that was begun, by what a host can see.</summary>
/// <remarks>A generation begins with a submission, a restart, or the retarget of a texture that has ended; it ends
/// completed, failed, or dropped by a verb.</remarks>
internal sealed class SoakLedger
{
    private readonly List<Account> _live = [];

    /// <summary>Generations begun.</summary>
    public int Begun { get; private set; }

    /// <summary>Those that completed.</summary>
    public int Completed { get; private set; }

    /// <summary>Those that failed.</summary>
    public int Failed { get; private set; }

    /// <summary>Those that a verb ended early.</summary>
    public int Dropped { get; private set; }

    /// <summary>Undisturbed generations that had a deadline and have ended, or passed it.</summary>
    public int Deadlines { get; private set; }

    /// <summary>Those of <see cref="Deadlines"/> that were completed in time.</summary>
    public int DeadlinesMet { get; private set; }

    /// <summary>The most ticks with a budget that a running texture waited for a new image.</summary>
    public long LongestWait { get; private set; }

    /// <summary>Textures that are not yet released.</summary>
    public IReadOnlyList<Account> Live => _live;

    /// <summary>Generations that have not ended.</summary>
    public int Running => _live.Count(account => account.IsRunning);

    /// <summary>Notes a submission.</summary>
    public void Begin(TextureHandle texture, TextureRequest request, long tick)
    {
        var account = new Account(texture, request);
        _live.Add(account);
        Begin(account, request, tick);
    }

    /// <summary>Notes that a texture's generation begins anew, dropping what ran.</summary>
    public void Begin(Account account, TextureRequest request, long tick)
    {
        Drop(account);
        account.Request = request;
        Begun++;
        account.IsRunning = true;
        account.IsDisturbed = false;
        account.Deadline = request.ReadyWithinTicks is { } ticks ? tick + ticks : null;
        account.WaitsSince = tick;
    }

    /// <summary>Notes that a verb ended what ran, if anything did.</summary>
    public void Drop(Account account)
    {
        Dropped += account.IsRunning ? 1 : 0;
        account.IsRunning = false;
        account.Deadline = null;
    }

    /// <summary>Notes a release.</summary>
    public void Release(Account account)
    {
        Drop(account);
        _live.Remove(account);
    }

    /// <summary>Looks at a texture after a tick.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="progress">What the runtime says.</param>
    /// <param name="tick">The tick; those without a budget are not counted.</param>
    /// <exception cref="SoakException">The texture is in a state that nothing explains.</exception>
    public void See(Account account, in TextureProgress progress, long tick)
    {
        Require(progress.Generation >= account.Generation, account, "its images went back");
        if (progress.Generation > account.Generation || progress.Status == ChainStatus.Paused)
        {
            account.WaitsSince = tick;
        }

        account.Generation = progress.Generation;
        if (!account.IsRunning)
        {
            bool isStill = progress.Status is ChainStatus.Completed or ChainStatus.Failed or ChainStatus.Cancelled;
            Require(isStill, account, $"it is {progress.Status} after its end");
            return;
        }

        Require(progress.Status != ChainStatus.Cancelled, account, "no one cancelled it");
        if (progress.Status is ChainStatus.Completed or ChainStatus.Failed)
        {
            End(account, progress, tick);
            return;
        }

        LongestWait = Math.Max(LongestWait, tick - account.WaitsSince);
        if (tick > account.Deadline && !account.IsDisturbed)
        {
            Deadlines++;
            account.Deadline = null;
        }
    }

    private void End(Account account, in TextureProgress progress, long tick)
    {
        bool isComplete = progress.Status == ChainStatus.Completed;
        Require(!isComplete || progress.Step == progress.StepCount, account, "it completed early");
        Completed += isComplete ? 1 : 0;
        Failed += isComplete ? 0 : 1;
        account.IsRunning = false;
        if (account.Deadline is { } deadline && !account.IsDisturbed)
        {
            Deadlines++;
            DeadlinesMet += isComplete && tick <= deadline ? 1 : 0;
        }
    }

    private static void Require(bool isRight, Account account, string reason)
    {
        if (!isRight)
        {
            throw new SoakException($"{account.Texture} is wrong: {reason}.");
        }
    }

    /// <summary>A live texture.</summary>
    internal sealed class Account(TextureHandle texture, TextureRequest request)
    {
        public TextureHandle Texture { get; } = texture;

        /// <summary>What it was last asked to be.</summary>
        public TextureRequest Request { get; set; } = request;

        public bool IsRunning { get; set; }

        /// <summary>Whether a verb took its time from it, so that no deadline was promised.</summary>
        public bool IsDisturbed { get; set; }

        public long? Deadline { get; set; }

        public long WaitsSince { get; set; }

        public ulong Generation { get; set; }
    }
}
