/* A very small engine on Vulkan 1.3: an instance, a device, a queue, and an image to draw to. Not part of the library:
 * it stands for whatever the host already has. Every call that fails ends the program. */
#ifndef ENGINE_H
#define ENGINE_H

#include <vulkan/vulkan.h>

#include "diffusion.h"

#define ENGINE_SIZE 256u
#define ENGINE_FRAMES 2u

typedef struct engine {
    VkInstance instance;
    VkPhysicalDevice physical_device;
    VkDevice device;
    VkQueue queue;
    uint32_t queue_family;
    VkDebugUtilsMessengerEXT messenger;
    uint32_t validation_messages;

    /* What was enabled, to tell the library. */
    const char *instance_extensions[2];
    const char *device_extensions[8];
    uint32_t device_extension_count;

    /* The engine's own frame counter on the device. */
    VkSemaphore frames;
    uint64_t frame;
    VkCommandPool pools[ENGINE_FRAMES];
    VkCommandBuffer commands[ENGINE_FRAMES];
    VkDescriptorSet sets[ENGINE_FRAMES];

    VkImage target;
    VkImageView target_view;
    VkDeviceMemory target_memory;
    VkBuffer readback;
    VkDeviceMemory readback_memory;
    VkDescriptorPool descriptors;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout pipeline_layout;
    VkPipeline pipeline;
    VkSampler sampler;
} engine;

/* Creates everything, with what the library asks for and validation if the layer is there. */
void engine_create(engine *e, const diffusion_vulkan_requirements *needs);

/* Begins a frame: waits until the device has done the one before last, and returns its slot. */
uint32_t engine_begin(engine *e);

/* Draws a view with the engine's shader, or clears if it is null. */
void engine_draw(engine *e, uint32_t slot, VkImageView view, VkImageLayout layout);

/* Submits the frame, after wait has reached value where there is one; returns the frame's number on e->frames. */
uint64_t engine_end(engine *e, uint32_t slot, VkSemaphore wait, uint64_t value);

/* Writes what was drawn last as a PPM; returns how many different colours it has, at most 1000. */
uint32_t engine_save(engine *e, const char *path);

void engine_destroy(engine *e);

#endif
