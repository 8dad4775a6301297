/*
 * How long the library takes from being loaded to the first pixels of a texture, and what memory it adds to a process.
 *
 *   cc -O2 startup.c -I../../include -lvulkan -o startup
 *   ./startup LIBRARY MODEL [compute|onnx [SIZE [CACHE]]]
 *
 * Loads the library by dlopen, so that its own loading counts. Run it twice: the first run warms the disk. For the
 * compute backend the process has used a Vulkan device of the same driver before, so that what the driver has in memory
 * anyway does not count; for the CPU engine it has none, as a host without a GPU.
 */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    printf("%-18s RSS %.1f MB, of it anonymous %.1f MB; the most so far %.1f MB\n", when, all, status_mb("RssAnon:"),
           status_mb("VmHWM:"));
    return all;
}

/* A compute shader of nothing but void main() {}. */
static const uint32_t nothing[] = {
    0x07230203, 0x00010000, 0, 5, 0, 0x00020011, 1, 0x0003000e, 0, 1, 0x0005000f, 5, 3, 0x6e69616d, 0, 0x00060010, 3,
    17, 1, 1, 1, 0x00020013, 1, 0x00030021, 2, 1, 0x00050036, 1, 3, 0, 2, 0x000200f8, 4, 0x000100fd, 0x00010038};

#define VULKAN(call)                                         \
    do {                                                     \
        if ((call) < 0) {                                    \
            fprintf(stderr, "no Vulkan device: %s\n", #call); \
            exit(1);                                         \
        }                                                    \
    } while (0)

/* What a host with Vulkan has in memory anyway: a device that has compiled and run a shader. */
static void use_device(void)
{
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    VkShaderModule module;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkCommandPool pool;
    VkCommandBuffer commands;
    uint32_t count = 1;
    float priority = 1;
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
    VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
    VkDeviceCreateInfo device_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue_info};
    VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = sizeof nothing, .pCode = nothing};
    VkPipelineLayoutCreateInfo layout_info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    VkComputePipelineCreateInfo pipeline_info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, .stage = VK_SHADER_STAGE_COMPUTE_BIT,
            .pName = "main"}};
    VkCommandPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandBufferCount = 1};
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
    VULKAN(vkCreateInstance(&info, NULL, &instance));
    VULKAN(vkEnumeratePhysicalDevices(instance, &count, &physical));
    VULKAN(vkCreateDevice(physical, &device_info, NULL, &device));
    vkGetDeviceQueue(device, 0, 0, &queue);
    VULKAN(vkCreateShaderModule(device, &module_info, NULL, &module));
    VULKAN(vkCreatePipelineLayout(device, &layout_info, NULL, &layout));
    pipeline_info.stage.module = module;
    pipeline_info.layout = layout;
    VULKAN(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &pipeline_info, NULL, &pipeline));
    VULKAN(vkCreateCommandPool(device, &pool_info, NULL, &pool));
    allocate.commandPool = pool;
    VULKAN(vkAllocateCommandBuffers(device, &allocate, &commands));
    VULKAN(vkBeginCommandBuffer(commands, &begin));
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    vkCmdDispatch(commands, 1, 1, 1);
    VULKAN(vkEndCommandBuffer(commands));
    VULKAN(vkQueueSubmit(queue, 1, &submit, VK_NULL_HANDLE));
    VULKAN(vkQueueWaitIdle(queue));
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
    diffusion_result (*destroy)(diffusion_runtime);
    uint32_t (*get_last_error)(char *, uint32_t);
    diffusion_create_info info;
    diffusion_runtime runtime;
    diffusion_texture texture;
    diffusion_model model;
    diffusion_request request;
    diffusion_pixels pixels;
    if (count < 3) {
        fprintf(stderr, "usage: startup LIBRARY MODEL [compute|onnx [SIZE [CACHE]]]\n");
        return 2;
    }
    const char *backend = count > 3 ? arguments[3] : "compute";
    int size = count > 4 ? atoi(arguments[4]) : 64;
    if (strcmp(backend, "compute") == 0) {
        use_device();
    }
    double before = rss_mb("before");

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
    LOAD(destroy);
    LOAD(get_last_error);
    double loaded = now_ms();
    DIFFUSION_INIT(&info);
    info.backend = backend;
    info.pipeline_cache_folder = count > 5 ? arguments[5] : NULL;
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
    printf("load %.1f, create %.1f, model %.1f, submit %.1f, tick and pixels %.1f: ", loaded - begun, created - loaded,
           modelled - created, submitted - modelled, first - submitted);
    printf("first pixels after %.1f ms\n", first - begun);
    while (pixels.step == 0) {
        CHECK(tick(runtime, 4, NULL));
        CHECK(read_pixels(runtime, texture, &pixels));
    }
    double stepped = now_ms();
    while (pixels.step == 1) {
        CHECK(tick(runtime, 4, NULL));
        CHECK(read_pixels(runtime, texture, &pixels));
    }
    printf("first step's pixels after %.1f ms; the second step took %.1f ms\n", stepped - begun, now_ms() - stepped);
    double again = now_ms();
    CHECK(submit(runtime, &request, &texture));
    printf("another texture of the size: submitted in %.1f ms\n", now_ms() - again);
    printf("added %.1f MB\n", rss_mb("with two textures") - before);
    CHECK(destroy(runtime)); /* saves the cache */
    return 0;
}
