/*
 * Between Godot's variants and diffusion.h: GDScript calls these functions by GDNative.call_native("standard_varcall").
 * One runtime with one texture, on Godot's main thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "diffusion.h"
#include "godot.h"

static const godot_core *core;
static diffusion_runtime runtime;
static diffusion_texture texture;
static diffusion_tick_report report;
static uint64_t generation;
static uint32_t size;

#define CALL(place, result, parameters) ((result(*) parameters)core->functions[place])

/* -- Godot's values -- */

static godot_variant of_int(int64_t value)
{
    godot_variant made;
    CALL(GODOT_VARIANT_NEW_INT, void, (godot_variant *, int64_t))(&made, value);
    return made;
}

static godot_variant of_text(const char *text)
{
    godot_variant made;
    godot_string string = CALL(GODOT_STRING_FROM_UTF8, godot_string, (const char *))(text);
    CALL(GODOT_VARIANT_NEW_STRING, void, (godot_variant *, const godot_string *))(&made, &string);
    CALL(GODOT_STRING_DESTROY, void, (godot_string *))(&string);
    return made;
}

static godot_variant last_error(void)
{
    char text[1024];
    diffusion_get_last_error(text, sizeof text);
    return of_text(text);
}

static godot_variant argument(const godot_array *arguments, int place)
{
    return CALL(GODOT_ARRAY_GET, godot_variant, (const godot_array *, int))(arguments, place);
}

static void destroy(godot_variant *variant)
{
    CALL(GODOT_VARIANT_DESTROY, void, (godot_variant *))(variant);
}

static int64_t int_of(const godot_array *arguments, int place)
{
    godot_variant value = argument(arguments, place);
    int64_t result = CALL(GODOT_VARIANT_AS_INT, int64_t, (const godot_variant *))(&value);
    destroy(&value);
    return result;
}

static double real_of(const godot_array *arguments, int place)
{
    godot_variant value = argument(arguments, place);
    double result = CALL(GODOT_VARIANT_AS_REAL, double, (const godot_variant *))(&value);
    destroy(&value);
    return result;
}

static void text_of(const godot_array *arguments, int place, char *target, size_t room)
{
    godot_variant value = argument(arguments, place);
    godot_string string = CALL(GODOT_VARIANT_AS_STRING, godot_string, (const godot_variant *))(&value);
    godot_char_string utf8 = CALL(GODOT_STRING_UTF8, godot_char_string, (const godot_string *))(&string);
    snprintf(
        target, room, "%s", CALL(GODOT_CHAR_STRING_DATA, const char *, (const godot_char_string *))(&utf8));
    CALL(GODOT_CHAR_STRING_DESTROY, void, (godot_char_string *))(&utf8);
    CALL(GODOT_STRING_DESTROY, void, (godot_string *))(&string);
    destroy(&value);
}

/* -- what GDScript calls -- */

/* (model, class, size, steps, seed): an error's text, or an empty one. */
GODOT_EXPORT godot_variant diffusion_godot_begin(godot_array *arguments)
{
    char path[4096];
    char class_name[256];
    diffusion_model model;
    diffusion_request request;
    if (CALL(GODOT_ARRAY_SIZE, int, (const godot_array *))(arguments) != 5) {
        return of_text("diffusion_godot_begin takes model, class, size, steps and seed");
    }
    text_of(arguments, 0, path, sizeof path);
    text_of(arguments, 1, class_name, sizeof class_name);
    DIFFUSION_INIT(&model);
    model.path = path;
    DIFFUSION_INIT(&request);
    request.class_name = class_name;
    request.width = request.height = (int32_t)int_of(arguments, 2);
    request.steps = (int32_t)int_of(arguments, 3);
    request.seed = (uint64_t)int_of(arguments, 4);
    if (diffusion_create(NULL, &runtime) != DIFFUSION_SUCCESS) {
        return last_error();
    }
    if (diffusion_load_model(runtime, &model) != DIFFUSION_SUCCESS
        || diffusion_submit(runtime, &request, &texture) != DIFFUSION_SUCCESS) {
        godot_variant error = last_error();
        diffusion_destroy(runtime);
        return error;
    }
    size = (uint32_t)request.width;
    return of_text("");
}

/* (budget in milliseconds): the pixels where they are newer than those before, else no bytes; a text is an error. */
GODOT_EXPORT godot_variant diffusion_godot_tick(godot_array *arguments)
{
    godot_variant made;
    godot_bytes bytes;
    diffusion_pixels pixels;
    diffusion_result result;
    DIFFUSION_INIT(&report);
    if (diffusion_tick(runtime, real_of(arguments, 0), &report) != DIFFUSION_SUCCESS) {
        return last_error();
    }
    CALL(GODOT_BYTES_NEW, void, (godot_bytes *))(&bytes);
    CALL(GODOT_BYTES_RESIZE, void, (godot_bytes *, int))(&bytes, (int)(size * size * 4));
    godot_bytes_writer *writer = CALL(GODOT_BYTES_WRITE, godot_bytes_writer *, (godot_bytes *))(&bytes);
    DIFFUSION_INIT(&pixels);
    pixels.data = CALL(GODOT_BYTES_WRITER_POINTER, uint8_t *, (const godot_bytes_writer *))(writer);
    pixels.data_size = (uint64_t)size * size * 4;
    pixels.generation = generation;
    result = diffusion_read_pixels(runtime, texture, &pixels);
    generation = pixels.generation;
    CALL(GODOT_BYTES_WRITER_DESTROY, void, (godot_bytes_writer *))(writer);
    if (result == DIFFUSION_NOT_READY) {
        CALL(GODOT_BYTES_RESIZE, void, (godot_bytes *, int))(&bytes, 0);
    }
    CALL(GODOT_VARIANT_NEW_BYTES, void, (godot_variant *, const godot_bytes *))(&made, &bytes);
    CALL(GODOT_BYTES_DESTROY, void, (godot_bytes *))(&bytes);
    if (result < 0) {
        destroy(&made);
        return last_error();
    }
    return made;
}

/* A line on where the texture stands. */
GODOT_EXPORT godot_variant diffusion_godot_describe(godot_array *arguments)
{
    char text[128];
    diffusion_progress progress;
    (void)arguments;
    DIFFUSION_INIT(&progress);
    diffusion_get_progress(runtime, texture, &progress);
    snprintf(
        text, sizeof text, "step %d of %d   sigma %.3f   tick %.1f of %.1f ms", (int)progress.step,
        (int)progress.step_count, progress.sigma, report.taken_ms, report.budget_ms);
    return of_text(text);
}

/* 1 once the texture is finished, -1 where it failed, else 0. */
GODOT_EXPORT godot_variant diffusion_godot_is_complete(godot_array *arguments)
{
    diffusion_progress progress;
    (void)arguments;
    DIFFUSION_INIT(&progress);
    diffusion_get_progress(runtime, texture, &progress);
    return of_int(
        progress.status == DIFFUSION_STATUS_COMPLETED ? 1 : progress.status == DIFFUSION_STATUS_FAILED ? -1 : 0);
}

GODOT_EXPORT godot_variant diffusion_godot_end(godot_array *arguments)
{
    (void)arguments;
    return of_int(diffusion_destroy(runtime));
}

/* -- what GDNative calls -- */

GODOT_EXPORT void godot_gdnative_init(godot_init_options *options)
{
    core = options->core->type == GODOT_CORE && options->core->major == 1 ? options->core : NULL;
    if (core == NULL) {
        fprintf(stderr, "this shim knows GDNative's core interface 1, not %u\n", options->core->major);
        abort(); /* without it there is no way to return an error either */
    }
}

GODOT_EXPORT void godot_gdnative_terminate(void *options)
{
    (void)options;
}
