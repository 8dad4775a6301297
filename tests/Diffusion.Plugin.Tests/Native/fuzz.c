/*
 * Random valid and invalid calls from several threads: whatever comes back is a code of the header, never a crash, a
 * hang or a write beyond a struct.
 *
 *   fuzz MODEL CALLS THREADS SEED
 *
 * Each thread makes a runtime and mostly uses it; handles of all threads lie in shared tables, so that every call is
 * also made with other threads', ended and made-up handles. Invalid pointers other than null are not tried: no library
 * can tell them.
 *
 * The calls come in rounds. After each all runtimes and threads are gone: what is in use then must not grow.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "diffusion.h"
#include "memory.h"

#define SHARED 64
#define SIZE 16
#define GUARD 32
#define CODES 16
#define ROUNDS 10

static uint64_t runtimes[SHARED];
static uint64_t textures[SHARED];
static uint64_t surfaces[SHARED];
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const char *model_path;
static long calls_each;

typedef struct worker {
    pthread_t thread;
    uint64_t random;
    uint64_t counts[CODES];
    diffusion_runtime runtime;
    diffusion_surface surface;
    unsigned char *memory;
    /* A second struct, where one points to another. */
    unsigned char *nested;
    /* Runtimes that another thread held when they were to go. */
    diffusion_runtime lost[SHARED];
    int lost_count;
} worker;

static uint32_t next(worker *w, uint32_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)(w->random >> 33) % below;
}

static uint64_t take(worker *w, uint64_t *table, uint64_t own)
{
    uint64_t value;
    switch (next(w, 16)) {
    case 0: return 0;
    case 1: return w->random;
    case 2: return next(w, 70);
    case 3:
    case 4:
        pthread_mutex_lock(&gate);
        value = table[next(w, SHARED)];
        pthread_mutex_unlock(&gate);
        return value;
    default: return own;
    }
}

static void put(worker *w, uint64_t *table, uint64_t value)
{
    pthread_mutex_lock(&gate);
    table[next(w, SHARED)] = value;
    pthread_mutex_unlock(&gate);
}

static void count(worker *w, diffusion_result result, const char *call)
{
    int place = result == 0 ? 0 : result == 1 ? 1 : 1 - result;
    if (result > 1 || place >= CODES || result == DIFFUSION_ERROR_INTERNAL) {
        char text[512];
        diffusion_get_last_error(text, sizeof text);
        fprintf(stderr, "%s returned %d: %s\n", call, (int)result, text);
        exit(1);
    }
    w->counts[place]++;
}

/* A struct of the given size on the heap with a guard behind it, its header mostly right. */
static void *prepare(worker *w, uint32_t size)
{
    uint32_t header[2] = {size, DIFFUSION_STRUCT_VERSION};
    memset(w->memory, 0, size);
    memset(w->memory + size, 0xA5, GUARD);
    switch (next(w, 40)) {
    case 0: header[0] = (uint32_t)w->random; break;
    case 1: header[0] = 8 + next(w, size - 8); break;
    case 2: header[1] = next(w, 4); break;
    case 3: return NULL;
    default: break;
    }
    /* Larger than the memory is a lie that the library cannot find out. */
    if (header[0] > size && header[0] <= 65536) {
        header[0] = 0;
    }
    memcpy(w->memory, header, sizeof header);
    return w->memory;
}

static void check_guard(worker *w, uint32_t size, const char *call)
{
    for (uint32_t i = 0; i < GUARD; i++) {
        if (w->memory[size + i] != 0xA5) {
            fprintf(stderr, "%s wrote behind its struct\n", call);
            exit(1);
        }
    }
}

static int32_t pick(worker *w, int32_t usual)
{
    switch (next(w, 12)) {
    case 0: return (int32_t)w->random;
    case 1: return 0;
    case 2: return -1;
    case 3: return (int32_t)next(w, 5000);
    default: return usual;
    }
}

static const char *pick_text(worker *w, const char *usual)
{
    static const char broken[] = {(char)0xff, (char)0xfe, 'a', 0};
    static char endless[5000];
    switch (next(w, 12)) {
    case 0: return "";
    case 1: return broken;
    case 2: memset(endless, 'x', sizeof endless - 1); return endless;
    case 3: return "no-such-name";
    default: return usual;
    }
}

/* Also what is no number, and ends of the range. */
static double pick_number(worker *w, double usual)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, -1, 1e300, 1e-300, 0.5, 2};
    return next(w, 4) ? usual : odd[next(w, 8)];
}

static void choose_solver_options(worker *w, diffusion_request *r)
{
    const char *solver = r->solver == NULL ? "" : r->solver;
    int is_any = next(w, 16) == 0;
    if (is_any || (strcmp(solver, "ddim") == 0 && next(w, 2))) {
        r->eta = pick_number(w, 0.5);
    }
    if (is_any || (strcmp(solver, "edm") == 0 && next(w, 2))) {
        r->churn = next(w, 2) ? 0 : pick_number(w, 20);
        r->churn_min_sigma = next(w, 2) ? 0 : pick_number(w, 0.1);
        r->churn_max_sigma = next(w, 2) ? 0 : pick_number(w, 10);
        r->churn_noise = next(w, 2) ? 0 : pick_number(w, 1);
    }
    if (is_any || (strcmp(solver, "pc") == 0 && next(w, 2))) {
        r->corrector_snr = pick_number(w, 0.1);
    }
}

static void choose_palette(worker *w, diffusion_request *r)
{
    static const uint32_t palette[] = {0xA08060, 0x406080, 0, 0xFFFFFF, 0x1000000};
    static const uint64_t counts[] = {0, 1, 4, 5, UINT64_MAX};
    if (next(w, 4) == 0) {
        r->palette = next(w, 8) ? palette : NULL;
        r->palette_count = counts[next(w, 5)];
        r->palette_strength = next(w, 2) ? 0 : (float)pick_number(w, 0.5);
        r->mean_color_strength = next(w, 8) ? 0 : r->mean_color_strength;
    }
}

static diffusion_request *request(worker *w)
{
    static const char *const solvers[] = {
        NULL, "ddim", "heun", "ddpm", "unipc-2", "euler-ancestral", "ddim-inversion", "edm", "pc", "pndm",
    };
    static const char *const schedules[] = {NULL, "cosine", "edm", "ve", "linear"};
    static const char *const spacings[] = {NULL, "trailing", "karras", "logsnr"};
    static float image[3 * SIZE * SIZE];
    static float mask[SIZE * SIZE];
    static const double times[] = {900, 400, 100, 100, 0.5};
    diffusion_request *r = prepare(w, sizeof *r);
    if (r == NULL) {
        return r;
    }
    if (next(w, 4) == 0) {
        /* Nothing odd about it, so that there are textures and surfaces to be used. */
        r->width = SIZE;
        r->height = SIZE;
        r->steps = 2;
        return r;
    }
    r->width = pick(w, SIZE);
    r->height = pick(w, SIZE);
    r->class_name = pick_text(w, next(w, 2) ? "lava" : NULL);
    r->class_label = pick(w, 3);
    r->flags = next(w, 8) ? next(w, 32) : (uint32_t)w->random;
    r->seed = w->random;
    r->origin_x = pick(w, 0);
    r->solver = pick_text(w, solvers[next(w, 10)]);
    r->schedule = pick_text(w, schedules[next(w, 5)]);
    r->spacing = pick_text(w, spacings[next(w, 4)]);
    r->steps = pick(w, 3);
    r->ready_within_ticks = pick(w, 0);
    r->priority = pick(w, 0);
    r->display = next(w, 2) ? 0 : next(w, 3);
    r->guidance_scale = next(w, 4) ? 0 : (float)pick(w, 2);
    r->threshold_ratio = next(w, 4) ? 0 : (float)next(w, 3) / 2;
    r->strength = next(w, 4) ? 0 : (double)pick(w, 1) / 2;
    r->guidance_max_ratio = next(w, 8) ? 0 : (double)pick(w, 1);
    r->fade_ms = next(w, 2) ? 0 : (double)pick(w, 100);
    r->variation_seed = next(w, 3);
    r->variation = next(w, 2) ? 0 : (float)next(w, 4) / 2;
    r->second_class_name = next(w, 4) ? NULL : pick_text(w, next(w, 2) ? "lava" : NULL);
    r->second_class_label = next(w, 4) ? 0 : pick(w, 3);
    r->second_class_weight = next(w, 2) ? 0 : (float)next(w, 4) / 2;
    r->mean_color = next(w, 8) ? next(w, 0x1000000) : (uint32_t)w->random;
    r->mean_color_strength = next(w, 2) ? 0 : (float)next(w, 4) / 2;
    choose_solver_options(w, r);
    choose_palette(w, r);
    r->times = next(w, 4) ? NULL : times;
    r->time_count = next(w, 2) ? 0 : next(w, 16) ? next(w, 6) : UINT64_MAX;
    r->end_time = next(w, 2) ? 0 : pick_number(w, 1);
    /* Only where the size is theirs. */
    r->mask = r->width == SIZE && r->height == SIZE && next(w, 4) == 0 ? mask : NULL;
    r->second_class_mask = r->width == SIZE && r->height == SIZE && next(w, 4) == 0 ? mask : NULL;
    r->image = r->width == SIZE && r->height == SIZE && next(w, 4) == 0 ? image : NULL;
    return r;
}

static void swap_memory(worker *w)
{
    unsigned char *memory = w->memory;
    w->memory = w->nested;
    w->nested = memory;
}

static void create_surface(worker *w, diffusion_runtime runtime)
{
    diffusion_request *style;
    diffusion_surface_settings *settings;
    diffusion_surface made = 0;
    swap_memory(w);
    style = request(w);
    swap_memory(w);
    if (style != NULL && next(w, 4)) {
        /* Mostly one that a surface takes. */
        style->image = NULL;
        style->mask = NULL;
        style->flags &= ~(uint32_t)DIFFUSION_REQUEST_END_TIME;
        style->ready_within_ticks = 0;
        style->fade_ms = 0;
        style->strength = 0;
    }
    settings = prepare(w, sizeof *settings);
    if (settings != NULL) {
        settings->style = style;
        settings->overlap = pick(w, 4);
        settings->tiles_in_work = pick(w, 2);
        settings->departure = next(w, 2) ? 1 : pick_number(w, 0.5);
    }
    count(w, diffusion_create_surface(runtime, settings, next(w, 30) ? &made : NULL), "diffusion_create_surface");
    check_guard(w, sizeof *settings, "diffusion_create_surface");
    if (made != 0) {
        if (w->surface != 0) {
            count(w, diffusion_destroy_surface(runtime, w->surface), "diffusion_destroy_surface");
        }
        w->surface = made;
        put(w, surfaces, made);
    }
}

static void use_surface(worker *w, diffusion_runtime runtime, uint64_t *own)
{
    diffusion_surface surface = take(w, surfaces, w->surface);
    int32_t x = next(w, 32) ? (int32_t)next(w, 4) - 1 : (int32_t)w->random;
    int32_t y = next(w, 32) ? (int32_t)next(w, 4) - 1 : (int32_t)w->random;
    switch (next(w, 8)) {
    case 0: create_surface(w, runtime); break;
    case 1:
        if (next(w, 8) == 0) {
            count(w, diffusion_destroy_surface(runtime, surface), "diffusion_destroy_surface");
        }
        break;
    case 2: count(w, diffusion_want_tile(runtime, surface, x, y), "diffusion_want_tile"); break;
    case 3: count(w, diffusion_release_tile(runtime, surface, x, y), "diffusion_release_tile"); break;
    case 4:
    case 5: count(w, diffusion_update_surface(runtime, surface), "diffusion_update_surface"); break;
    default: {
        diffusion_tile *tile = prepare(w, sizeof *tile);
        diffusion_result result = diffusion_get_tile(runtime, surface, x, y, tile);
        count(w, result, "diffusion_get_tile");
        check_guard(w, sizeof *tile, "diffusion_get_tile");
        if (result == DIFFUSION_SUCCESS && tile->struct_size == sizeof *tile && tile->texture != 0 && next(w, 2)) {
            /* Its texture is used like any other for a while, one's own goes. */
            count(w, diffusion_release(runtime, *own), "diffusion_release");
            *own = tile->texture;
            put(w, textures, tile->texture);
        }
        break;
    }
    }
}

static void recreate(worker *w)
{
    uint64_t made = 0;
    diffusion_create_info *info = next(w, 2) ? NULL : prepare(w, sizeof *info);
    if (w->runtime != 0) {
        /* Another thread may have taken it; unless it is in a call there, it comes back and goes. */
        diffusion_result destroyed;
        count(w, diffusion_attach_thread(w->runtime), "diffusion_attach_thread");
        destroyed = diffusion_destroy(w->runtime);
        count(w, destroyed, "diffusion_destroy");
        if (destroyed != DIFFUSION_SUCCESS && w->lost_count < SHARED) {
            w->lost[w->lost_count++] = w->runtime;
        }
        put(w, runtimes, w->runtime);
    }
    w->runtime = 0;
    w->surface = 0;
    count(w, diffusion_create(info, &made), "diffusion_create");
    if (made != 0) {
        w->runtime = made;
        put(w, runtimes, made);
    }
}

static void load(worker *w)
{
    diffusion_model *model;
    if (w->surface != 0 && next(w, 2)) {
        /* Else no model is loaded any more. */
        count(w, diffusion_destroy_surface(w->runtime, w->surface), "diffusion_destroy_surface");
        w->surface = 0;
    }
    model = prepare(w, sizeof *model);
    if (model != NULL) {
        model->path = pick_text(w, model_path);
    }
    count(w, diffusion_load_model(take(w, runtimes, w->runtime), model), "diffusion_load_model");
}

static void step(worker *w, uint64_t *own)
{
    uint64_t runtime = take(w, runtimes, w->runtime);
    uint64_t texture = take(w, textures, *own);
    uint64_t made = 0;
    void *s;
    switch (next(w, 17)) {
    case 13:
    case 14: use_surface(w, runtime, own); break;
    case 0:
        count(w, diffusion_submit(runtime, request(w), next(w, 30) ? &made : NULL), "diffusion_submit");
        check_guard(w, sizeof(diffusion_request), "diffusion_submit");
        if (made != 0) {
            /* Textures cost memory: a thread keeps one, the rest goes at once. */
            if (*own != 0) {
                count(w, diffusion_release(runtime, *own), "diffusion_release");
            }
            *own = made;
            put(w, textures, made);
        }
        break;
    case 1: count(w, diffusion_retarget(runtime, texture, request(w)), "diffusion_retarget"); break;
    case 2: count(w, diffusion_cancel(runtime, texture), "diffusion_cancel"); break;
    case 15: count(w, diffusion_pause(runtime, texture), "diffusion_pause"); break;
    case 16: count(w, diffusion_resume(runtime, texture), "diffusion_resume"); break;
    case 3: count(w, diffusion_release(runtime, texture), "diffusion_release"); break;
    case 4:
    case 5:
        s = prepare(w, sizeof(diffusion_progress));
        count(w, diffusion_get_progress(runtime, texture, s), "diffusion_get_progress");
        check_guard(w, sizeof(diffusion_progress), "diffusion_get_progress");
        break;
    case 6: {
        static const double budgets[] = {0, 0.01, 0.1, -1, 1e9, 0, 0};
        s = next(w, 3) ? prepare(w, sizeof(diffusion_tick_report)) : NULL;
        count(w, diffusion_tick(runtime, budgets[next(w, next(w, 4) ? 1 : 7)], s), "diffusion_tick");
        if (s != NULL) {
            check_guard(w, sizeof(diffusion_tick_report), "diffusion_tick");
        }
        break;
    }
    case 7: {
        diffusion_image *image = prepare(w, sizeof *image);
        count(w, diffusion_get_latest(runtime, texture, image), "diffusion_get_latest");
        check_guard(w, sizeof *image, "diffusion_get_latest");
        break;
    }
    case 8: {
        diffusion_image *image = prepare(w, sizeof *image);
        if (image != NULL) {
            image->texture = texture;
            image->loan = next(w, 5);
        }
        count(w, diffusion_release_after(runtime, image, 0, w->random), "diffusion_release_after");
        break;
    }
    case 9: {
        static const uint32_t sizes[] = {SIZE * SIZE * 4, 0, 7, SIZE * SIZE * 4 - 1};
        diffusion_pixels *pixels = prepare(w, sizeof *pixels);
        unsigned char *data = malloc(SIZE * SIZE * 4 + 4096);
        uint32_t size = sizes[next(w, 4)];
        memset(data + size, 0xA5, 4096);
        if (pixels != NULL) {
            pixels->data = next(w, 20) ? data : NULL;
            pixels->data_size = size;
            pixels->row_pitch = next(w, 4) ? 0 : next(w, 200);
            pixels->display = next(w, 3);
            pixels->generation = next(w, 3);
        }
        count(w, diffusion_read_pixels(runtime, texture, pixels), "diffusion_read_pixels");
        check_guard(w, sizeof *pixels, "diffusion_read_pixels");
        for (int i = 0; i < 4096; i++) {
            if (data[size + i] != 0xA5) {
                fprintf(stderr, "diffusion_read_pixels wrote behind the buffer\n");
                exit(1);
            }
        }
        free(data);
        break;
    }
    case 10:
        s = prepare(w, sizeof(diffusion_statistics));
        count(w, diffusion_get_statistics(runtime, s), "diffusion_get_statistics");
        check_guard(w, sizeof(diffusion_statistics), "diffusion_get_statistics");
        break;
    case 11: {
        char text[64];
        count(w, diffusion_get_class_name(runtime, pick(w, 1), next(w, 9) ? text : NULL, next(w, 64)), "class_name");
        diffusion_get_last_error(next(w, 2) ? text : NULL, next(w, 2) ? 0 : 64);
        break;
    }
    default:
        s = prepare(w, sizeof(diffusion_model_info));
        count(w, diffusion_get_model_info(runtime, s), "diffusion_get_model_info");
        check_guard(w, sizeof(diffusion_model_info), "diffusion_get_model_info");
        /* Mostly one's own: another thread's runtime is taken now and then, and gives WRONG_THREAD to its owner. */
        count(w, diffusion_attach_thread(next(w, 500) ? w->runtime : runtime), "diffusion_attach_thread");
        break;
    }
}

static void *run(void *argument)
{
    worker *w = argument;
    uint64_t texture = 0;
    w->memory = malloc(4096);
    w->nested = malloc(4096);
    for (long i = 0; i < calls_each; i++) {
        /* Creating and loading take milliseconds and more: rare, or the run would be nothing else. */
        if (i == 0 || next(w, 20000) == 0) {
            recreate(w);
        } else if (i == 1 || next(w, 4000) == 0) {
            load(w);
        } else {
            step(w, &texture);
        }
    }
    free(w->memory);
    free(w->nested);
    return NULL;
}

/* Alone, so that each can be taken. */
static void destroy(worker *w, diffusion_runtime runtime)
{
    diffusion_result taken = diffusion_attach_thread(runtime);
    diffusion_result destroyed = diffusion_destroy(runtime);
    count(w, taken, "diffusion_attach_thread");
    count(w, destroyed, "diffusion_destroy");
    if (taken != DIFFUSION_SUCCESS || destroyed != DIFFUSION_SUCCESS) {
        fprintf(stderr, "a runtime cannot be destroyed: %d, %d\n", (int)taken, (int)destroyed);
        exit(1);
    }
}

/* The runtimes that a round left, whoever's they are by now. */
static void destroy_all(worker *w)
{
    if (w->runtime != 0) {
        destroy(w, w->runtime);
        w->runtime = 0;
    }
    while (w->lost_count > 0) {
        destroy(w, w->lost[--w->lost_count]);
    }
}

int main(int argc, char **argv)
{
    static worker workers[16];
    int threads = argc == 5 ? atoi(argv[3]) : 0;
    if (threads < 1 || threads > 16) {
        fprintf(stderr, "usage: fuzz MODEL CALLS THREADS SEED\n");
        return 2;
    }
    memory_return_freed();
    model_path = argv[1];
    calls_each = atol(argv[2]) / threads / ROUNDS;
    for (int i = 0; i < threads; i++) {
        workers[i].random = (uint64_t)atoll(argv[4]) * 0x9E3779B97F4A7C15u + (uint64_t)i * 0xD1B54A32D192ED03u + 1;
    }
    memory_use first = {0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        char when[32];
        for (int i = 0; i < threads; i++) {
            if (pthread_create(&workers[i].thread, NULL, run, &workers[i]) != 0) {
                return 2;
            }
        }
        for (int i = 0; i < threads; i++) {
            pthread_join(workers[i].thread, NULL);
        }
        for (int i = 0; i < threads; i++) {
            destroy_all(&workers[i]);
        }
        snprintf(when, sizeof when, "round %d", round + 1);
        /* The first rounds load the driver's compiler and fill its and the runtime's caches. */
        memory_use now = memory_now();
        first = round < 2 ? now : first;
        memory_compare(when, first, now);
    }
    uint64_t total = 0;
    uint64_t successes = 0;
    for (int i = 0; i < CODES; i++) {
        uint64_t sum = 0;
        for (int j = 0; j < threads; j++) {
            sum += workers[j].counts[i];
        }
        total += sum;
        if (sum != 0) {
            printf("code %d: %" PRIu64 "\n", i <= 1 ? i : 1 - i, sum);
        }
        successes += i == 0 ? sum : 0;
    }
    printf("calls %" PRIu64 "\n", total);
    return successes > 0 ? 0 : 1;
}
