/*
 * A host with its own Vulkan device: it asks what to create it with, lends it to the library, and draws the texture in
 * its own shader while it is being generated. Off screen; the last frame is written to a file.
 *
 *   c-vulkan MODEL [--frames N] [--budget-ms B] [--size N] [--steps N] [--backend compute|onnx] [--out FILE.ppm]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"

typedef struct options {
    const char *model;
    const char *out;
    const char *backend;
    int frames;
    int size;
    int steps;
    double budget_ms;
} options;

/* How ticks with work kept their budget. */
typedef struct promise {
    int ticks;
    int over;
    /* Of those in which every slice was expected to fit. */
    int chosen_ticks;
    int chosen_over;
    double chosen_worst_ms;
} promise;

static void on_log(void *user, uint32_t level, const char *text)
{
    static const char *const names[] = {"?", "error", "warning", "info"};
    (void)user;
    fprintf(stderr, "diffusion %s: %s\n", names[level <= 3 ? level : 0], text);
}

/* Ends the program on an error; DIFFUSION_NOT_READY passes. */
static diffusion_result check(diffusion_result result, const char *call)
{
    if (result < 0) {
        char text[1024];
        diffusion_get_last_error(text, sizeof text);
        fprintf(stderr, "%s: error %d: %s\n", call, (int)result, text);
        exit(1);
    }
    return result;
}

static diffusion_runtime create_runtime(engine *e, const options *o)
{
    diffusion_vulkan_requirements needs;
    diffusion_vulkan_host host;
    diffusion_create_info info;
    diffusion_runtime runtime;

    /* First what is needed, then the engine's device, then the runtime on it. */
    DIFFUSION_INIT(&needs);
    check(diffusion_get_vulkan_requirements(&needs), "diffusion_get_vulkan_requirements");
    engine_create(e, &needs);

    DIFFUSION_INIT(&host);
    host.instance = e->instance;
    host.physical_device = e->physical_device;
    host.device = e->device;
    host.queue = e->queue;
    host.queue_family = e->queue_family;
    host.device_extensions = e->device_extensions;
    host.device_extension_count = e->device_extension_count;
    host.features = needs.features;
    host.feature_count = needs.feature_count;

    DIFFUSION_INIT(&info);
    info.vulkan = &host;
    info.backend = o->backend;
    info.log = on_log;
    check(diffusion_create(&info, &runtime), "diffusion_create");
    return runtime;
}

static diffusion_texture submit(diffusion_runtime runtime, const options *o, int seed)
{
    diffusion_request request;
    diffusion_texture texture;
    DIFFUSION_INIT(&request);
    request.width = o->size;
    request.height = o->size;
    request.steps = o->steps;
    request.class_name = "brick";
    request.seed = (uint64_t)seed;
    check(diffusion_submit(runtime, &request, &texture), "diffusion_submit");
    return texture;
}

static void count_tick(promise *p, const diffusion_tick_report *report)
{
    double over_ms = report->taken_ms - report->budget_ms;
    p->ticks += report->slices_run > 0;
    p->over += report->slices_run > 0 && over_ms > 0;
    if (report->slices_run > 0 && !report->forced) {
        p->chosen_ticks++;
        p->chosen_over += over_ms > 0;
        p->chosen_worst_ms = over_ms > p->chosen_worst_ms ? over_ms : p->chosen_worst_ms;
    }
}

/* One frame: the library's share, then the engine's. Returns 1 if the texture was there to draw. */
static int draw_frame(engine *e, diffusion_runtime runtime, diffusion_texture texture, double budget_ms, promise *p)
{
    diffusion_image image;
    diffusion_tick_report report;
    uint32_t slot = engine_begin(e);
    DIFFUSION_INIT(&report);
    check(diffusion_tick(runtime, budget_ms, &report), "diffusion_tick");
    count_tick(p, &report);

    DIFFUSION_INIT(&image);
    if (check(diffusion_get_latest(runtime, texture, &image), "diffusion_get_latest") == DIFFUSION_NOT_READY) {
        engine_draw(e, slot, VK_NULL_HANDLE, VK_IMAGE_LAYOUT_UNDEFINED);
        engine_end(e, slot, VK_NULL_HANDLE, 0);
        return 0;
    }

    engine_draw(e, slot, (VkImageView)image.view, (VkImageLayout)image.layout);
    uint64_t frame = engine_end(e, slot, (VkSemaphore)image.semaphore, image.ready_value);

    /* The library may write the image again once the engine's frame is done. */
    check(diffusion_release_after(runtime, &image, (uint64_t)e->frames, frame), "diffusion_release_after");
    return 1;
}

static options parse(int count, char **arguments)
{
    options o = {NULL, NULL, NULL, 240, 64, 0, 4};
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : "";
        if (strcmp(arguments[i], "--frames") == 0) {
            o.frames = atoi(value), i++;
        } else if (strcmp(arguments[i], "--size") == 0) {
            o.size = atoi(value), i++;
        } else if (strcmp(arguments[i], "--steps") == 0) {
            o.steps = atoi(value), i++;
        } else if (strcmp(arguments[i], "--budget-ms") == 0) {
            o.budget_ms = atof(value), i++;
        } else if (strcmp(arguments[i], "--backend") == 0) {
            o.backend = value, i++;
        } else if (strcmp(arguments[i], "--out") == 0) {
            o.out = value, i++;
        } else {
            o.model = arguments[i];
        }
    }
    if (o.model == NULL) {
        fprintf(stderr, "usage: c-vulkan MODEL [--frames N] [--budget-ms B] [--size N] [--steps N] "
                        "[--backend compute|onnx] [--out FILE.ppm]\n");
        exit(2);
    }
    return o;
}

int main(int count, char **arguments)
{
    options o = parse(count, arguments);
    engine e;
    diffusion_runtime runtime = create_runtime(&e, &o);
    diffusion_model model;
    diffusion_statistics sums;
    promise kept = {0, 0, 0, 0, 0};
    uint64_t collections = 0;
    uint64_t allocated = 0;
    int is_warm = 0;
    int drawn = 0;
    int seed = 1;
    diffusion_progress progress;

    DIFFUSION_INIT(&progress);
    DIFFUSION_INIT(&model);
    model.path = o.model;
    check(diffusion_load_model(runtime, &model), "diffusion_load_model");
    diffusion_texture texture = submit(runtime, &o, seed);

    for (int i = 0; i < o.frames; i++) {
        drawn += draw_frame(&e, runtime, texture, o.budget_ms, &kept);
        DIFFUSION_INIT(&progress);
        check(diffusion_get_progress(runtime, texture, &progress), "diffusion_get_progress");
        if (progress.status == DIFFUSION_STATUS_COMPLETED && i + 1 < o.frames / 2) {
            /* Another one in its place, from where it stands. */
            diffusion_request request;
            DIFFUSION_INIT(&request);
            request.width = o.size;
            request.height = o.size;
            request.steps = o.steps;
            request.class_name = "brick";
            request.seed = (uint64_t)++seed;
            check(diffusion_retarget(runtime, texture, &request), "diffusion_retarget");
        }
        if (!is_warm && progress.step > 0) {
            /* The first evaluation of the network makes its kernels. */
            is_warm = 1;
            DIFFUSION_INIT(&sums);
            check(diffusion_get_statistics(runtime, &sums), "diffusion_get_statistics");
            collections = sums.gc_collections;
            allocated = sums.tick_allocated_bytes;
        }
    }

    DIFFUSION_INIT(&sums);
    check(diffusion_get_statistics(runtime, &sums), "diffusion_get_statistics");
    uint32_t colours = engine_save(&e, o.out);
    check(diffusion_destroy(runtime), "diffusion_destroy");
    engine_destroy(&e);
    printf("device %s, backend %s, sharing %u\n", sums.device, sums.backend, sums.sharing);
    printf("frames %d, with texture %d, colours %u\n", o.frames, drawn, colours);
    if (progress.status == DIFFUSION_STATUS_COMPLETED) {
        printf("texture %d is finished\n", seed);
    } else {
        printf("texture %d is unfinished: step %d of %d after %d frames; give it more --frames\n", seed,
               (int)progress.step, (int)progress.step_count, o.frames);
    }
    printf("steps %" PRIu64 ", completed %" PRIu64 ", images %" PRIu64 "\n", sums.steps, sums.textures_completed,
           sums.images_converted);
    printf("ticks over budget %d of %d with work, worst by %.3f ms, mean tick %.3f ms\n", kept.over, kept.ticks,
           sums.worst_overrun_ms, sums.taken_ms / (double)sums.ticks);
    printf("where all was expected to fit: %d of %d, worst by %.3f ms\n", kept.chosen_over, kept.chosen_ticks,
           kept.chosen_worst_ms);
    printf("since warm-up: collections %" PRIu64 ", tick bytes %" PRIu64 "\n", sums.gc_collections - collections,
           sums.tick_allocated_bytes - allocated);
    printf("validation messages %u\n", e.validation_messages);
    return e.validation_messages == 0 && drawn > 0 ? 0 : 1;
}
