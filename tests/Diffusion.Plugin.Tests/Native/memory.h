/*
 * What a process holds, for programs that look for leaks. Bytes in use by malloc say it exactly, for the library's
 * native side and the Vulkan driver; the resident set also has the managed heap, and what allocators keep of freed
 * memory: glibc's up to the most that each of its arenas ever held, AddressSanitizer's a hundred megabytes more or less.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

typedef struct memory_use {
    long in_use_kb;
    long resident_kb;
} memory_use;

/* Freed blocks of 128 kB and more go back to the system at once, and one arena serves all threads: else glibc raises
 * that limit to the largest block ever freed, and what is resident depends on which thread held how much when. No use
 * under AddressSanitizer. */
static void memory_return_freed(void)
{
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
    mallopt(M_ARENA_MAX, 1);
#endif
}

static memory_use memory_now(void)
{
    memory_use use = {0, 0};
    char line[256];
    FILE *file;
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
    malloc_trim(0);
#endif
    file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            use.resident_kb = atol(line + 6);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
#ifdef __SANITIZE_ADDRESS__
    use.in_use_kb = (long)(__sanitizer_get_current_allocated_bytes() / 1024);
#elif defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();
    use.in_use_kb = (long)((info.uordblks + info.hblkhd) / 1024);
#endif
    return use;
}

/* Prints, and ends the program where it grew too much between two moments at which the same is alive. */
static void memory_compare(const char *when, memory_use before, memory_use now)
{
    /* Handles of threads and the like come and go; a leak of 40 bytes a call is 4 MB in 100,000. */
    const long most_in_use_kb = 2 << 10;
    const long most_resident_kb = 48 << 10;
    printf("%s: %ld kB in use, %ld kB resident\n", when, now.in_use_kb, now.resident_kb);
    fflush(stdout);
    int has_grown = now.in_use_kb - before.in_use_kb > most_in_use_kb;
#ifndef __SANITIZE_ADDRESS__
    has_grown |= now.resident_kb - before.resident_kb > most_resident_kb;
#else
    (void)most_resident_kb;
#endif
    if (has_grown) {
        fprintf(stderr, "memory grew from %ld kB in use and %ld kB resident\n", before.in_use_kb, before.resident_kb);
        exit(1);
    }
}

#endif
