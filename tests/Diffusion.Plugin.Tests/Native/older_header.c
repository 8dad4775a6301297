/* A host that was built with an older header, OLDER_HEADER: creates, loads, generates a texture, reads it, destroys. */
#include <stdio.h>
#include <stdlib.h>

#include OLDER_HEADER

#define SIZE 16

static void check(diffusion_result result, const char *call)
{
    if (result != DIFFUSION_SUCCESS) {
        char text[512];
        diffusion_get_last_error(text, sizeof text);
        fprintf(stderr, "%s: %d: %s\n", call, (int)result, text);
        exit(result == DIFFUSION_ERROR_NO_DEVICE ? 77 : 1);
    }
}

int main(int count, char **arguments)
{
    /* What the newer library writes must end where this header's struct does. */
    struct { diffusion_tick_report report; unsigned char guard[64]; } tick;
    unsigned char pixels[SIZE * SIZE * 4] = {0};
    diffusion_runtime runtime = 0;
    diffusion_texture texture = 0;
    diffusion_model model;
    diffusion_request request;
    diffusion_progress progress;
    diffusion_pixels target;
    if (count != 2 || diffusion_get_version() <= DIFFUSION_HEADER_VERSION) {
        fprintf(stderr, "usage: older_header MODEL, with a library newer than the header\n");
        return 2;
    }
    check(diffusion_create(NULL, &runtime), "diffusion_create");
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
    memset(&tick, 0xA5, sizeof tick);
    DIFFUSION_INIT(&tick.report);
    do {
        check(diffusion_tick(runtime, 1000, &tick.report), "diffusion_tick");
        DIFFUSION_INIT(&progress);
        check(diffusion_get_progress(runtime, texture, &progress), "diffusion_get_progress");
    } while (progress.status == DIFFUSION_STATUS_RUNNING || progress.status == DIFFUSION_STATUS_WAITING);
    for (unsigned i = 0; i < sizeof tick.guard; i++) {
        if (tick.guard[i] != 0xA5) {
            fprintf(stderr, "byte %u behind the report was written\n", i);
            return 1;
        }
    }
    DIFFUSION_INIT(&target);
    target.data = pixels;
    target.data_size = sizeof pixels;
    check(diffusion_read_pixels(runtime, texture, &target), "diffusion_read_pixels");
    check(diffusion_destroy(runtime), "diffusion_destroy");
    printf("%s: step %d of %d, red %u\n", progress.failure, (int)progress.step, (int)progress.step_count, pixels[0]);
    return progress.status == DIFFUSION_STATUS_COMPLETED && pixels[3] == 255 ? 0 : 1;
}
