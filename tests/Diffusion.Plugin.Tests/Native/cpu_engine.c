/* A host without Vulkan: the network runs on the CPU, the pixels are read. Returns 3 where the model does not load. */
#include <stdio.h>
#include <stdlib.h>

#include "diffusion.h"

#define SIZE 16

static void check(diffusion_result result, const char *call)
{
    if (result != DIFFUSION_SUCCESS) {
        char text[512];
        diffusion_get_last_error(text, sizeof text);
        fprintf(stderr, "%s: %d: %s\n", call, (int)result, text);
        exit(result == DIFFUSION_ERROR_UNSUPPORTED ? 3 : 1);
    }
}

int main(int count, char **arguments)
{
    unsigned char pixels[SIZE * SIZE * 4] = {0};
    unsigned least = 255, most = 0;
    diffusion_runtime runtime = 0;
    diffusion_texture texture = 0;
    diffusion_create_info info;
    diffusion_model model;
    diffusion_request request;
    diffusion_progress progress;
    diffusion_pixels target;
    diffusion_image image;
    diffusion_statistics statistics;
    if (count != 2) {
        fprintf(stderr, "usage: cpu_engine MODEL\n");
        return 2;
    }
    DIFFUSION_INIT(&info);
    info.backend = "onnx";
    check(diffusion_create(&info, &runtime), "diffusion_create");
    DIFFUSION_INIT(&model);
    model.path = arguments[1];
    check(diffusion_load_model(runtime, &model), "diffusion_load_model");
    DIFFUSION_INIT(&request);
    request.width = SIZE;
    request.height = SIZE;
    request.steps = 2;
    request.class_name = "grass";
    request.guidance_scale = 2;
    check(diffusion_submit(runtime, &request, &texture), "diffusion_submit");
    do {
        check(diffusion_tick(runtime, 1000, NULL), "diffusion_tick");
        DIFFUSION_INIT(&progress);
        check(diffusion_get_progress(runtime, texture, &progress), "diffusion_get_progress");
    } while (progress.status == DIFFUSION_STATUS_RUNNING || progress.status == DIFFUSION_STATUS_WAITING);
    DIFFUSION_INIT(&target);
    target.data = pixels;
    target.data_size = sizeof pixels;
    check(diffusion_read_pixels(runtime, texture, &target), "diffusion_read_pixels");
    DIFFUSION_INIT(&image);
    if (diffusion_get_latest(runtime, texture, &image) != DIFFUSION_ERROR_INVALID_STATE) {
        fprintf(stderr, "an image was lent without a device\n");
        return 1;
    }
    DIFFUSION_INIT(&statistics);
    check(diffusion_get_statistics(runtime, &statistics), "diffusion_get_statistics");
    for (unsigned i = 0; i < SIZE * SIZE; i++) {
        least = pixels[4 * i] < least ? pixels[4 * i] : least;
        most = pixels[4 * i] > most ? pixels[4 * i] : most;
    }
    printf(
        "%s (%s): step %d of %d, red %u to %u\n", statistics.backend, statistics.device, (int)progress.step,
        (int)progress.step_count, least, most);
    check(diffusion_release(runtime, texture), "diffusion_release");
    check(diffusion_destroy(runtime), "diffusion_destroy");
    return progress.status == DIFFUSION_STATUS_COMPLETED && least < most ? 0 : 1;
}
