namespace Diffusion.Plugin.Errors;

/// <summary><c>diffusion_result</c>; the header says what each means.</summary>
internal enum ResultCode
{
    Success = 0,
    NotReady = 1,
    ErrorInvalidArgument = -1,
    ErrorInvalidHandle = -2,
    ErrorWrongThread = -3,
    ErrorBusy = -4,
    ErrorInvalidState = -5,
    ErrorModel = -6,
    ErrorNoDevice = -7,
    ErrorVulkan = -8,
    ErrorDeviceLost = -9,
    ErrorOutOfMemory = -10,
    ErrorUnsupported = -11,
    ErrorLimit = -12,
    ErrorInternal = -13,
}
