/* The structures and constants of cuda.h in use, declared from what the CUDA Driver API reference says of them
 * (groups CUDA_TYPES and EXTRES_INTEROP, CUDA 11.2 to 12); the compiler lays them out. */
#ifndef CUDA_ABI_H
#define CUDA_ABI_H

#define CUDA_EXTERNAL_MEMORY_DEDICATED 0x1

typedef enum {
    CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD = 1,
    CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32 = 2
} CUexternalMemoryHandleType;

typedef enum {
    CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD = 9,
    CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_WIN32 = 10
} CUexternalSemaphoreHandleType;

typedef union {
    int fd;
    struct {
        void *handle;
        const void *name;
    } win32;
    const void *nvSci;
} CUDA_EXTERNAL_HANDLE;

typedef struct {
    CUexternalMemoryHandleType type;
    CUDA_EXTERNAL_HANDLE handle;
    unsigned long long size;
    unsigned int flags;
    unsigned int reserved[16];
} CUDA_EXTERNAL_MEMORY_HANDLE_DESC;

typedef struct {
    unsigned long long offset;
    unsigned long long size;
    unsigned int flags;
    unsigned int reserved[16];
} CUDA_EXTERNAL_MEMORY_BUFFER_DESC;

typedef struct {
    CUexternalSemaphoreHandleType type;
    CUDA_EXTERNAL_HANDLE handle;
    unsigned int flags;
    unsigned int reserved[16];
} CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC;

typedef struct {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void *fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
        } keyedMutex;
        unsigned int reserved[12];
    } params;
    unsigned int flags;
    unsigned int reserved[16];
} CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS;

#endif
