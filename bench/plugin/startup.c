/*
 * How long the library takes from being loaded to the first pixels of a texture, and what memory it adds to a process
 * that has a Vulkan device already.
 *
 *   cc -O2 startup.c -I../../include -lvulkan -o startup && ./startup LIBRARY MODEL [SIZE [CACHE]]
 *
 * Loads the library by dlopen, so that its own loading counts. Run it twice: the first run warms the disk.
 */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <vulkan/vulkan.h>

#include "diffusion.h"

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A line of /proc/self/status in MB. */
static double status_mb(const char *key)
{
    char line[256];
    double result = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            result = atof(line + strlen(key)) / 1024;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return result;
}

/* The process's memory in MB. */
static double rss_mb(const char *when)
{
    double all = status_mb("VmRSS:");
    printf("%-28s RSS %.1f MB, of it anonymous %.1f MB\n", when, all, status_mb("RssAnon:"));
    return all;
}

/* What a host with Vulkan has in memory anyway. */
static void create_device(void)
{
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    uint32_t count = 1;
    float priority = 1;
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
    VkDeviceCreateInfo device_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue};
    if (vkCreateInstance(&info, NULL, &instance) < 0 || vkEnumeratePhysicalDevices(instance, &count, &physical) < 0 ||
        vkCreateDevice(physical, &device_info, NULL, &device) < 0) {
        fprintf(stderr, "no Vulkan device\n");
        exit(1);
    }
}

#define LOAD(name)                                             \
    do {                                                       \
        *(void **)&name = dlsym(library, "diffusion_" #name);  \
        if (name == NULL) {                                    \
            fprintf(stderr, "%s is missing\n", #name);         \
            return 1;                                          \
        }                                                      \
    } while (0)

#define CHECK(call)                                                     \
    do {                                                                \
        if ((call) < 0) {                                               \
            char text[512];                                             \
            get_last_error(text, sizeof text);                          \
            fprintf(stderr, "%s: %s\n", #call, text);                   \
            return 1;                                                   \
        }                                                               \
    } while (0)

int main(int count, char **arguments)
{
    diffusion_result (*create)(const diffusion_create_info *, diffusion_runtime *);
    diffusion_result (*load_model)(diffusion_runtime, const diffusion_model *);
    diffusion_result (*submit)(diffusion_runtime, const diffusion_request *, diffusion_texture *);
    diffusion_result (*tick)(diffusion_runtime, double, diffusion_tick_report *);
    diffusion_result (*read_pixels)(diffusion_runtime, diffusion_texture, diffusion_pixels *);
    uint32_t (*get_last_error)(char *, uint32_t);
    diffusion_create_info info;
    diffusion_runtime runtime;
    diffusion_texture texture;
    diffusion_model model;
    diffusion_request request;
    diffusion_pixels pixels;
    if (count < 3) {
        fprintf(stderr, "usage: startup LIBRARY MODEL [SIZE [CACHE]]\n");
        return 2;
    }
    int size = count > 3 ? atoi(arguments[3]) : 64;
    create_device();
    double before = rss_mb("Vulkan device");

    double begun = now_ms();
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    LOAD(create);
    LOAD(load_model);
    LOAD(submit);
    LOAD(tick);
    LOAD(read_pixels);
    LOAD(get_last_error);
    double loaded = now_ms();
    DIFFUSION_INIT(&info);
    info.pipeline_cache_folder = count > 4 ? arguments[4] : NULL;
    CHECK(create(&info, &runtime));
    double created = now_ms();
    DIFFUSION_INIT(&model);
    model.path = arguments[2];
    CHECK(load_model(runtime, &model));
    double modelled = now_ms();
    DIFFUSION_INIT(&request);
    request.width = request.height = size;
    request.class_name = "brick";
    CHECK(submit(runtime, &request, &texture));
    double submitted = now_ms();
    DIFFUSION_INIT(&pixels);
    pixels.data_size = (uint64_t)size * (uint64_t)size * 4;
    pixels.data = malloc(pixels.data_size);
    do {
        CHECK(tick(runtime, 4, NULL));
    } while (read_pixels(runtime, texture, &pixels) != DIFFUSION_SUCCESS);
    double first = now_ms();
    printf("load %.1f, create %.1f, model %.1f, submit %.1f, tick and pixels %.1f: first pixels after %.1f ms\n",
           loaded - begun, created - loaded, modelled - created, submitted - modelled, first - submitted, first - begun);
    do {
        CHECK(tick(runtime, 4, NULL));
    } while (pixels.step == 0 && read_pixels(runtime, texture, &pixels) < 2 && pixels.step == 0);
    printf("first step after %.1f ms\n", now_ms() - begun);
    double again = now_ms();
    CHECK(submit(runtime, &request, &texture));
    printf("a second submission of the size takes %.1f ms: the first compiled its pipelines\n", now_ms() - again);
    printf("added %.1f MB\n", rss_mb("with runtime and texture") - before);
    return 0;
}
