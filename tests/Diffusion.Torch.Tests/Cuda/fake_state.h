/* What the stand-in for the CUDA driver knows, and how tests look at it and make it fail. */
#ifndef FAKE_STATE_H
#define FAKE_STATE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_OPERATIONS = 256, MOST_FAILING = 64, LOG_SIZE = 1 << 16 };
enum { INVALID_VALUE = 1, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, THE_CONTEXT = 0x1000 };

struct external {
    unsigned char *base; /* what was mapped */
    size_t mapped_size;
    size_t offset; /* of the memory's first byte */
    int fd; /* the caller's before, the driver's own now */
};

struct operation {
    void *target;
    const void *source; /* null for a signal */
    size_t size;
    uint64_t value;
};

static unsigned char uuid[16];
static char log_text[LOG_SIZE];
static size_t log_length;
static char failing[MOST_FAILING];
static int failing_code, calls_until_failure;
static int retained, memories, buffers, timelines, held;
static struct operation operations[MOST_OPERATIONS];
static int operation_count;
static _Thread_local int depth;

/* Control, by the tests. */

void fake_reset(const unsigned char *device)
{
    memcpy(uuid, device, sizeof uuid);
    log_length = 0;
    log_text[0] = 0;
    failing[0] = 0;
    held = 0;
}

void fake_fail(const char *function, int nth, int code)
{
    snprintf(failing, sizeof failing, "%s", function);
    calls_until_failure = nth;
    failing_code = code;
}

const char *fake_log(void) { return log_text; }

/* Contexts retained, memories, mapped buffers, timelines, contexts current on this thread. */
void fake_live(int *counts)
{
    int live[] = {retained, memories, buffers, timelines, depth};
    memcpy(counts, live, sizeof live);
}

static void run_all(void)
{
    for (int i = 0; i < operation_count; i++) {
        struct operation *o = &operations[i];
        if (o->source)
            memcpy(o->target, o->source, o->size);
        else
            __atomic_store_n((uint64_t *)o->target, o->value, __ATOMIC_RELEASE);
    }
    operation_count = 0;
}

void fake_hold(int is_held)
{
    held = is_held;
    if (!held)
        run_all();
}

/* What every function begins with: a line in the log, the failure that was asked for, the thread's context. */
static int enter(const char *function, int needs_context)
{
    log_length += (size_t)snprintf(log_text + log_length, LOG_SIZE - log_length, "%s\n", function);
    if (log_length >= LOG_SIZE)
        abort();
    if (strcmp(function, failing) == 0 && --calls_until_failure == 0)
        return failing_code;
    return needs_context && depth == 0 ? INVALID_CONTEXT : 0;
}

static int enqueue(struct operation o)
{
    if (operation_count == MOST_OPERATIONS)
        abort();
    operations[operation_count++] = o;
    if (!held)
        run_all();
    return 0;
}

/* "Ownership of the file descriptor is transferred to the CUDA driver": it stays taken, so that a caller who closes it
 * all the same closes what is ours, which give_up notices. */
static void take_over(struct external *x, int fd)
{
    int own = open("/dev/null", O_RDONLY);
    if (own < 0 || dup2(own, fd) != fd)
        abort();
    close(own);
    x->fd = fd;
}

static int give_up(const struct external *x)
{
    return close(x->fd) ? INVALID_HANDLE : 0;
}

static int all_zero(const unsigned int *words, int count)
{
    for (int i = 0; i < count; i++)
        if (words[i])
            return 0;
    return 1;
}

#endif
