/*
 * Models from memory whose files are mutated: truncated, bits flipped, lengths and numbers made hostile, pieces moved.
 * Whatever comes back is a code of the header: no crash, no hang, no read beyond a file, nothing leaked.
 *
 *   fuzz_model MODEL CASES SEED
 *
 * First the model from memory must be the model from the folder, to the bit. Each file lies at an end of pages of its
 * own that cannot be written, between pages that cannot be read: a read beyond it is a crash.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "diffusion.h"
#include "memory.h"

#define FILES 4
#define SIZE 16
#define CODES 16
#define SPARE 4096

static const char *const names[FILES] = {
    "unet/diffusion_pytorch_model.safetensors", "unet/config.json", "scheduler/scheduler_config.json",
    "model_index.json"};

typedef struct bytes {
    unsigned char *data;
    size_t size;
} bytes;

static bytes originals[FILES];
static uint64_t state;
static uint64_t counts[CODES];
static long case_number;

static uint64_t next(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % below;
}

static void fail(const char *what)
{
    char text[512];
    diffusion_get_last_error(text, sizeof text);
    fprintf(stderr, "case %ld: %s: %s\n", case_number, what, text);
    exit(1);
}

static bytes read_file(const char *folder, const char *name)
{
    bytes file = {NULL, 0};
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    fseek(stream, 0, SEEK_END);
    file.size = (size_t)ftell(stream);
    rewind(stream);
    file.data = malloc(file.size);
    if (fread(file.data, 1, file.size, stream) != file.size) {
        exit(2);
    }
    fclose(stream);
    return file;
}

/* Where a header's length lies in a safetensors file. */
static uint64_t header_length(const bytes *file)
{
    uint64_t length = 0;
    memcpy(&length, file->data, file->size < 8 ? file->size : 8);
    return length;
}

/* A place worth changing: in a safetensors file mostly in its header. */
static size_t place(const bytes *file, int is_weights)
{
    uint64_t length = header_length(file);
    if (is_weights && next(8) != 0 && file->size > 8 && length > 0 && length <= file->size - 8) {
        return 8 + (size_t)next(length);
    }
    return (size_t)next(file->size);
}

/* Replaces count bytes at a place by others; the memory has room. */
static void replace(bytes *file, size_t at, size_t count, const void *with, size_t length)
{
    if (count > file->size - at) {
        count = file->size - at;
    }
    memmove(file->data + at + length, file->data + at + count, file->size - at - count);
    memcpy(file->data + at, with, length);
    file->size = file->size - count + length;
}

static void make_length_hostile(bytes *file)
{
    uint64_t real = header_length(file);
    const uint64_t values[] = {
        0, 1, 7, 8, real - 1, real + 1, file->size, file->size - 8, file->size - 7, 100000000, 100000001, INT32_MAX,
        (uint64_t)INT32_MAX + 1, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX,
        UINT64_MAX - 7, UINT64_MAX - real};
    uint64_t value = values[next(sizeof values / sizeof *values)];
    memcpy(file->data, &value, file->size < 8 ? file->size : 8);
}

static int is_number(unsigned char letter)
{
    return (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
}

/* Replaces a number of the JSON by another, or by what is none. */
static void make_number_hostile(bytes *file, int is_weights)
{
    static const char *const values[] = {
        "0", "-1", "1", "3", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807",
        "9223372036854775808", "18446744073709551616", "1e308", "1e999", "-0", "0.5", "1e-400", "00", "NaN", "Infinity",
        "-Infinity", "null", "true", "\"\"", "[]", "{}", "[1,2,3,4,5,6,7,8,9]", "99999999999999999999999999999999"};
    const char *value = values[next(sizeof values / sizeof *values)];
    size_t at = place(file, is_weights);
    size_t end;
    while (at < file->size && !is_number(file->data[at])) {
        at++;
    }
    for (end = at; end < file->size && is_number(file->data[end]); end++) {
    }
    replace(file, at, end - at, value, strlen(value));
}

static void mutate(bytes *file, int is_weights)
{
    size_t before = file->size;
    uint64_t length = header_length(file);
    if (file->size == 0) {
        return;
    }
    switch (next(10)) {
    case 0:
        file->size = (size_t)next(file->size);
        break;
    case 1:
        file->size = next(2) ? next(16) % file->size : file->size - 1 - next(16) % file->size;
        break;
    case 2:
    case 3:
        for (uint64_t i = 1 + next(8); i > 0; i--) {
            file->data[place(file, is_weights)] ^= (unsigned char)(1u << next(8));
        }
        break;
    case 4:
        if (is_weights) {
            make_length_hostile(file);
            return;
        }
        /* fall through */
    case 5:
    case 6:
        make_number_hostile(file, is_weights);
        break;
    case 7: {
        /* A piece of the file written, or put in, elsewhere. */
        unsigned char piece[256];
        size_t count = 1 + (size_t)next(sizeof piece);
        size_t from = place(file, is_weights);
        count = count > file->size - from ? file->size - from : count;
        memcpy(piece, file->data + from, count);
        replace(file, place(file, is_weights), next(2) ? count : 0, piece, count);
        break;
    }
    case 8: {
        static const char structure[] = "{}[],:\"\\\0 \n\xff/*ue";
        file->data[place(file, is_weights)] = (unsigned char)structure[next(sizeof structure - 1)];
        break;
    }
    default: {
        unsigned char deep[1024];
        memset(deep, next(2) ? '[' : '{', sizeof deep);
        replace(file, place(file, is_weights), next(64), deep, 1 + (size_t)next(sizeof deep));
        break;
    }
    }
    /* A header that changed its size is told of it mostly, or nothing behind the length would be tried. */
    if (is_weights && file->size != before && file->size >= 8 && next(4) != 0) {
        length += file->size - before;
        memcpy(file->data, &length, sizeof length);
    }
}

/* A copy at the beginning or the end of pages that are followed, and preceded, by one that cannot be touched. */
static unsigned char *fence(const bytes *file, size_t *mapped)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (file->size + page - 1) / page * page;
    unsigned char *start = mmap(NULL, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || (room > 0 && mprotect(start + page, room, PROT_READ | PROT_WRITE) != 0)) {
        exit(2);
    }
    *mapped = room + 2 * page;
    unsigned char *data = start + page + (next(4) ? room - file->size : 0);
    memcpy(data, file->data, file->size);
    if (room > 0) {
        mprotect(start + page, room, PROT_READ);
    }
    return data;
}

static void unfence(unsigned char *data, size_t mapped)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    /* Either way the data begins in the first page behind the fence. */
    munmap(data - (uintptr_t)data % page - page, mapped);
}

/* Which file is left out, or FILES for none. */
static diffusion_result load(diffusion_runtime runtime, bytes files[FILES], uint64_t missing)
{
    diffusion_model_file list[FILES];
    diffusion_model model;
    size_t mapped[FILES];
    uint64_t given = 0;
    DIFFUSION_INIT(&model);
    for (uint64_t i = 0; i < FILES; i++) {
        if (i != missing) {
            DIFFUSION_INIT(&list[given]);
            list[given].name = names[i];
            list[given].data = fence(&files[i], &mapped[given]);
            list[given].size = files[i].size;
            given++;
        }
    }
    model.file_count = given;
    model.files = list;
    diffusion_result result = diffusion_load_model(runtime, &model);
    for (uint64_t i = 0; i < given; i++) {
        unfence((unsigned char *)(uintptr_t)list[i].data, mapped[i]);
    }
    int code = result <= 0 ? -result : CODES;
    if (code >= CODES || result == DIFFUSION_ERROR_INTERNAL) {
        fail("diffusion_load_model");
    }
    counts[code]++;
    return result;
}

static void generate(diffusion_runtime runtime, unsigned char *rgba)
{
    diffusion_texture texture = 0;
    diffusion_request request;
    diffusion_progress progress;
    diffusion_pixels pixels;
    DIFFUSION_INIT(&request);
    DIFFUSION_INIT(&pixels);
    request.width = request.height = SIZE;
    request.steps = 2;
    diffusion_result result = diffusion_submit(runtime, &request, &texture);
    if (result != DIFFUSION_SUCCESS) {
        if (result == DIFFUSION_ERROR_INTERNAL || rgba != NULL) {
            fail("diffusion_submit");
        }
        return; /* a mutated model may not serve the size */
    }
    do {
        DIFFUSION_INIT(&progress);
        if (diffusion_tick(runtime, 1000, NULL) != DIFFUSION_SUCCESS
            || diffusion_get_progress(runtime, texture, &progress) != DIFFUSION_SUCCESS) {
            fail("diffusion_tick");
        }
    } while (progress.status == DIFFUSION_STATUS_RUNNING || progress.status == DIFFUSION_STATUS_WAITING);
    if (rgba != NULL) {
        pixels.data = rgba;
        pixels.data_size = SIZE * SIZE * 4;
        if (diffusion_read_pixels(runtime, texture, &pixels) != DIFFUSION_SUCCESS) {
            fail("diffusion_read_pixels");
        }
    }
    diffusion_release(runtime, texture);
}

static void compare_with_folder(diffusion_runtime runtime, const char *path)
{
    unsigned char from_folder[SIZE * SIZE * 4] = {0};
    unsigned char from_memory[SIZE * SIZE * 4] = {0};
    diffusion_model model;
    DIFFUSION_INIT(&model);
    model.path = path;
    if (diffusion_load_model(runtime, &model) != DIFFUSION_SUCCESS) {
        fail("the folder");
    }
    generate(runtime, from_folder);
    if (load(runtime, originals, FILES) != DIFFUSION_SUCCESS) {
        fail("the same from memory");
    }
    generate(runtime, from_memory);
    if (memcmp(from_folder, from_memory, sizeof from_folder) != 0) {
        fail("the pixels of the model from memory are not those of the folder");
    }
}

int main(int argc, char **argv)
{
    diffusion_runtime runtime = 0;
    bytes files[FILES];
    memory_use first = {0, 0};
    long cases = argc == 4 ? atol(argv[2]) : 0;
    long checks = 0;
    if (cases < 1) {
        fprintf(stderr, "usage: fuzz_model MODEL CASES SEED\n");
        return 2;
    }
    memory_return_freed();
    state = (uint64_t)atoll(argv[3]) * 0x9E3779B97F4A7C15u + 1;
    for (int i = 0; i < FILES; i++) {
        originals[i] = read_file(argv[1], names[i]);
        files[i].data = malloc(originals[i].size + 4 * SPARE);
    }
    diffusion_result made = diffusion_create(NULL, &runtime);
    if (made != DIFFUSION_SUCCESS) {
        char text[512];
        diffusion_get_last_error(text, sizeof text);
        fprintf(stderr, "%s\n", text);
        return made == DIFFUSION_ERROR_NO_DEVICE ? 77 : 1;
    }
    compare_with_folder(runtime, argv[1]);
    for (case_number = 1; case_number <= cases; case_number++) {
        for (int i = 0; i < FILES; i++) {
            files[i].size = originals[i].size;
            memcpy(files[i].data, originals[i].data, originals[i].size);
        }
        for (uint64_t i = 1 + next(3); i > 0; i--) {
            uint64_t file = next(2) ? 0 : next(FILES);
            mutate(&files[file], file == 0);
        }
        diffusion_result result = load(runtime, files, next(64) ? FILES : next(FILES));
        if (result == DIFFUSION_SUCCESS && next(50) == 0) {
            generate(runtime, NULL);
        }
        /* Whatever went before, the model itself loads; and then the same is alive each time. */
        if (case_number % (cases < 10 ? 1 : cases / 10) == 0) {
            char when[32];
            if (load(runtime, originals, FILES) != DIFFUSION_SUCCESS) {
                fail("the model itself");
            }
            generate(runtime, NULL);
            snprintf(when, sizeof when, "case %ld", case_number);
            memory_use now = memory_now();
            first = checks++ < 2 ? now : first;
            memory_compare(when, first, now);
        }
    }
    diffusion_destroy(runtime);
    for (int i = 0; i < CODES; i++) {
        if (counts[i] != 0) {
            printf("code %d: %" PRIu64 "\n", -i, counts[i]);
        }
    }
    for (int i = 0; i < FILES; i++) {
        free(originals[i].data);
        free(files[i].data);
    }
    printf("cases %ld\n", cases);
    return 0;
}
