/* A stand-in for the CUDA driver, for machines without one: the functions in use, over host memory.
 *
 * It checks what the driver's documentation demands of callers, counts what it gave out, and does copies and signals
 * when told to (fake_hold) or at once. A device address is a host address, an opaque descriptor a memfd: of Mesa's
 * llvmpipe with the header that os_memory_fd.c puts before the memory, else plain.
 */
#define _GNU_SOURCE
#include "cuda_abi.h"
#include "fake_state.h"

int cuGetErrorName(int error, const char **name)
{
    static const struct { int code; const char *name; } names[] = {
        {1, "CUDA_ERROR_INVALID_VALUE"}, {2, "CUDA_ERROR_OUT_OF_MEMORY"}, {100, "CUDA_ERROR_NO_DEVICE"},
        {201, "CUDA_ERROR_INVALID_CONTEXT"}, {304, "CUDA_ERROR_OPERATING_SYSTEM"},
        {400, "CUDA_ERROR_INVALID_HANDLE"}, {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == error) {
            *name = names[i].name;
            return 0;
        }
    return INVALID_VALUE;
}

int cuInit(unsigned int flags)
{
    int e = enter("cuInit", 0);
    return e ? e : flags ? INVALID_VALUE : 0;
}

int cuDeviceGet(int *device, int ordinal)
{
    int e = enter("cuDeviceGet", 0);
    if (e)
        return e;
    *device = ordinal;
    return 0;
}

#ifndef FAKE_IS_OLD
int cuDeviceGetUuid_v2(unsigned char *value, int device)
{
    int e = enter("cuDeviceGetUuid", 0);
    if (e)
        return e;
    memcpy(value, uuid, sizeof uuid);
    return device ? INVALID_VALUE : 0;
}
#endif

int cuDevicePrimaryCtxRetain(void **context, int device)
{
    int e = enter("cuDevicePrimaryCtxRetain", 0);
    if (e)
        return e;
    retained++;
    *context = (void *)THE_CONTEXT;
    return device ? INVALID_VALUE : 0;
}

int cuDevicePrimaryCtxRelease_v2(int device)
{
    int e = enter("cuDevicePrimaryCtxRelease", 0);
    retained--;
    return e ? e : device ? INVALID_VALUE : 0;
}

int cuCtxPushCurrent_v2(void *context)
{
    int e = enter("cuCtxPushCurrent", 0);
    if (e)
        return e;
    if (context != (void *)THE_CONTEXT || retained <= 0)
        return INVALID_CONTEXT;
    depth++;
    return 0;
}

int cuCtxPopCurrent_v2(void **context)
{
    int e = enter("cuCtxPopCurrent", 1);
    if (e)
        return e;
    depth--;
    *context = (void *)THE_CONTEXT;
    return 0;
}

int cuImportExternalMemory(void **memory, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC *desc)
{
    int e = enter("cuImportExternalMemory", 1);
    struct { size_t size, offset; unsigned char id[16]; } header;
    struct stat file;
    if (e)
        return e;
    if (desc->type != CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD || desc->flags != CUDA_EXTERNAL_MEMORY_DEDICATED
        || !desc->size || !all_zero(desc->reserved, 16) || fstat(desc->handle.fd, &file))
        return INVALID_VALUE;
    struct external *x = calloc(1, sizeof *x);
    x->mapped_size = (size_t)file.st_size;
    if (pread(desc->handle.fd, &header, sizeof header, 0) == sizeof header && header.size == x->mapped_size)
        x->offset = header.offset;
    x->base = mmap(NULL, x->mapped_size, PROT_READ | PROT_WRITE, MAP_SHARED, desc->handle.fd, 0);
    if (x->base == MAP_FAILED || x->offset + desc->size > x->mapped_size) {
        free(x);
        return INVALID_VALUE;
    }
    take_over(x, desc->handle.fd);
    memories++;
    *memory = x;
    return 0;
}

int cuExternalMemoryGetMappedBuffer(
    uint64_t *address, void *memory, const CUDA_EXTERNAL_MEMORY_BUFFER_DESC *desc)
{
    int e = enter("cuExternalMemoryGetMappedBuffer", 1);
    struct external *x = memory;
    if (e)
        return e;
    if (desc->flags || !all_zero(desc->reserved, 16) || x->offset + desc->offset + desc->size > x->mapped_size)
        return INVALID_VALUE;
    buffers++;
    *address = (uint64_t)(uintptr_t)(x->base + x->offset + desc->offset);
    return 0;
}

int cuMemFree_v2(uint64_t address)
{
    int e = enter("cuMemFree", 1);
    if (e)
        return e;
    buffers--;
    return address ? 0 : INVALID_VALUE;
}

static int destroy(const char *function, struct external *x, int *count)
{
    int e = enter(function, 1);
    if (e)
        return e;
    if (operation_count)
        abort(); /* a copy or a signal would write to what is gone */
    if ((e = give_up(x)))
        return e;
    munmap(x->base, x->mapped_size);
    free(x);
    --*count;
    return 0;
}

int cuDestroyExternalMemory(void *memory)
{
    if (buffers == memories)
        abort(); /* "all mapped buffers must be explicitly freed before" */
    return destroy("cuDestroyExternalMemory", memory, &memories);
}

int cuImportExternalSemaphore(void **semaphore, const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC *desc)
{
    int e = enter("cuImportExternalSemaphore", 1);
    if (e)
        return e;
    if (desc->type != CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD || desc->flags
        || !all_zero(desc->reserved, 16))
        return INVALID_VALUE;
    struct external *x = calloc(1, sizeof *x);
    x->mapped_size = sizeof(uint64_t);
    x->base = mmap(NULL, x->mapped_size, PROT_READ | PROT_WRITE, MAP_SHARED, desc->handle.fd, 0);
    if (x->base == MAP_FAILED) {
        free(x);
        return INVALID_VALUE;
    }
    take_over(x, desc->handle.fd);
    timelines++;
    *semaphore = x;
    return 0;
}

int cuDestroyExternalSemaphore(void *semaphore)
{
    return destroy("cuDestroyExternalSemaphore", semaphore, &timelines);
}

int cuSignalExternalSemaphoresAsync(
    void *const *semaphores, const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS *params, unsigned int count, void *stream)
{
    static const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS nothing;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS rest = *params;
    int e = enter("cuSignalExternalSemaphoresAsync", 1);
    if (e)
        return e;
    rest.params.fence.value = 0;
    if (count != 1 || stream || memcmp(&rest, &nothing, sizeof rest))
        return INVALID_VALUE;
    return enqueue((struct operation){
        .target = ((struct external *)semaphores[0])->base, .value = params->params.fence.value});
}

int cuMemcpyDtoDAsync_v2(uint64_t target, uint64_t source, size_t size, void *stream)
{
    int e = enter("cuMemcpyDtoDAsync", 1);
    if (e)
        return e;
    if (!target || !source || !size || stream)
        return INVALID_VALUE;
    return enqueue((struct operation){
        .target = (void *)(uintptr_t)target, .source = (const void *)(uintptr_t)source, .size = size});
}

int cuStreamSynchronize(void *stream)
{
    int e = enter("cuStreamSynchronize", 1);
    if (e)
        return e;
    run_all();
    return stream ? INVALID_HANDLE : 0;
}

/* What the compiler made of the structures, for the test that compares. */
int fake_layout(size_t *values, int count)
{
#define MEMORY CUDA_EXTERNAL_MEMORY_HANDLE_DESC
#define BUFFER CUDA_EXTERNAL_MEMORY_BUFFER_DESC
#define SEMAPHORE CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC
#define SIGNAL CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS
    const size_t layout[] = {
        sizeof(MEMORY), offsetof(MEMORY, type), offsetof(MEMORY, handle.fd), offsetof(MEMORY, handle.win32.handle),
        offsetof(MEMORY, handle.win32.name), offsetof(MEMORY, size), offsetof(MEMORY, flags),
        sizeof(BUFFER), offsetof(BUFFER, offset), offsetof(BUFFER, size), offsetof(BUFFER, flags),
        sizeof(SEMAPHORE), offsetof(SEMAPHORE, type), offsetof(SEMAPHORE, handle.fd),
        offsetof(SEMAPHORE, handle.win32.handle), offsetof(SEMAPHORE, handle.win32.name), offsetof(SEMAPHORE, flags),
        sizeof(SIGNAL), offsetof(SIGNAL, params.fence.value), offsetof(SIGNAL, flags),
    };
    const int all = (int)(sizeof layout / sizeof *layout);
    memcpy(values, layout, sizeof *layout * (size_t)(count < all ? count : all));
    return all;
}
