#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "texture.frag.h"
#include "texture.vert.h"

#define CHECK(call) check((call), #call)

static void check(VkResult result, const char *call)
{
    if (result < 0) {
        fprintf(stderr, "%s returned %d\n", call, (int)result);
        exit(1);
    }
}

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data, void *user)
{
    (void)severity;
    (void)types;
    fprintf(stderr, "validation: %s\n", data->pMessage);
    ((engine *)user)->validation_messages++;
    return VK_FALSE;
}

static int has_layer(const char *name)
{
    VkLayerProperties layers[64];
    uint32_t count = 64;
    vkEnumerateInstanceLayerProperties(&count, layers);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(layers[i].layerName, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void create_instance(engine *e, const diffusion_vulkan_requirements *needs)
{
    static const char *const layer = "VK_LAYER_KHRONOS_validation";
    int validates = has_layer(layer);
    VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity =
            VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = e,
    };
    VkValidationFeatureEnableEXT feature = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .pNext = &messenger,
        .enabledValidationFeatureCount = 1,
        .pEnabledValidationFeatures = &feature,
    };
    VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "c-vulkan",
        .apiVersion = needs->api_version,
    };
    e->instance_extensions[0] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    e->instance_extensions[1] = VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validates ? &features : NULL,
        .pApplicationInfo = &application,
        .enabledLayerCount = validates ? 1u : 0u,
        .ppEnabledLayerNames = &layer,
        .enabledExtensionCount = validates ? 2u : 0u,
        .ppEnabledExtensionNames = e->instance_extensions,
    };
    CHECK(vkCreateInstance(&info, NULL, &e->instance));
    if (validates) {
        PFN_vkCreateDebugUtilsMessengerEXT create = (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
            e->instance, "vkCreateDebugUtilsMessengerEXT");
        CHECK(create(e->instance, &messenger, NULL, &e->messenger));
    } else {
        fprintf(stderr, "note: %s is not installed, nothing is validated\n", layer);
    }
}

/* Enables the extensions that the library requires, and those of its optional ones that are there. */
static void choose_extensions(engine *e, const diffusion_vulkan_requirements *needs)
{
    VkExtensionProperties there[512];
    uint32_t count = 512;
    CHECK(vkEnumerateDeviceExtensionProperties(e->physical_device, NULL, &count, there));
    for (uint32_t i = 0; i < needs->device_extension_count; i++) {
        e->device_extensions[e->device_extension_count++] = needs->device_extensions[i];
    }
    for (uint32_t i = 0; i < needs->optional_device_extension_count; i++) {
        for (uint32_t k = 0; k < count; k++) {
            if (strcmp(there[k].extensionName, needs->optional_device_extensions[i]) == 0) {
                e->device_extensions[e->device_extension_count++] = needs->optional_device_extensions[i];
                break;
            }
        }
    }
}

static void create_device(engine *e, const diffusion_vulkan_requirements *needs)
{
    uint32_t count = 1;
    VkQueueFamilyProperties families[16];
    check(vkEnumeratePhysicalDevices(e->instance, &count, &e->physical_device), "vkEnumeratePhysicalDevices");
    count = 16;
    vkGetPhysicalDeviceQueueFamilyProperties(e->physical_device, &count, families);
    while (e->queue_family < count && (families[e->queue_family].queueFlags & needs->queue_flags) != needs->queue_flags) {
        e->queue_family++;
    }
    choose_extensions(e, needs);

    /* The features that needs->features names; a real engine compares the names with a table of its own. */
    VkPhysicalDeviceVulkan13Features features13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .dynamicRendering = VK_TRUE,
        .synchronization2 = VK_TRUE,
        .maintenance4 = VK_TRUE,
    };
    VkPhysicalDeviceVulkan12Features features12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = &features13,
        .timelineSemaphore = VK_TRUE,
    };
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = e->queue_family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features12,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = e->device_extension_count,
        .ppEnabledExtensionNames = e->device_extensions,
    };
    CHECK(vkCreateDevice(e->physical_device, &info, NULL, &e->device));
    vkGetDeviceQueue(e->device, e->queue_family, 0, &e->queue);
}

static VkDeviceMemory allocate(engine *e, VkMemoryRequirements needs, VkMemoryPropertyFlags wanted)
{
    VkPhysicalDeviceMemoryProperties memory;
    VkDeviceMemory result;
    uint32_t type = 0;
    vkGetPhysicalDeviceMemoryProperties(e->physical_device, &memory);
    while (type < memory.memoryTypeCount &&
           (!(needs.memoryTypeBits & (1u << type)) || (memory.memoryTypes[type].propertyFlags & wanted) != wanted)) {
        type++;
    }
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = type,
    };
    CHECK(vkAllocateMemory(e->device, &info, NULL, &result));
    return result;
}

static void create_target(engine *e)
{
    VkMemoryRequirements needs;
    VkImageCreateInfo image = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = VK_FORMAT_R8G8B8A8_SRGB,
        .extent = {ENGINE_SIZE, ENGINE_SIZE, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
    };
    CHECK(vkCreateImage(e->device, &image, NULL, &e->target));
    vkGetImageMemoryRequirements(e->device, e->target, &needs);
    e->target_memory = allocate(e, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    CHECK(vkBindImageMemory(e->device, e->target, e->target_memory, 0));
    VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = e->target,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = image.format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    CHECK(vkCreateImageView(e->device, &view, NULL, &e->target_view));

    VkBufferCreateInfo buffer = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = ENGINE_SIZE * ENGINE_SIZE * 4,
        .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    CHECK(vkCreateBuffer(e->device, &buffer, NULL, &e->readback));
    vkGetBufferMemoryRequirements(e->device, e->readback, &needs);
    e->readback_memory =
        allocate(e, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    CHECK(vkBindBufferMemory(e->device, e->readback, e->readback_memory, 0));
}

static void create_descriptors(engine *e)
{
    VkSamplerCreateInfo sampler = {
        .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
        .magFilter = VK_FILTER_LINEAR,
        .minFilter = VK_FILTER_LINEAR,
        .mipmapMode = VK_SAMPLER_MIPMAP_MODE_LINEAR,
        .maxLod = VK_LOD_CLAMP_NONE,
    };
    CHECK(vkCreateSampler(e->device, &sampler, NULL, &e->sampler));
    VkDescriptorSetLayoutBinding binding = {
        .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
        .descriptorCount = 1,
        .stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT,
        .pImmutableSamplers = &e->sampler,
    };
    VkDescriptorSetLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 1,
        .pBindings = &binding,
    };
    CHECK(vkCreateDescriptorSetLayout(e->device, &layout, NULL, &e->set_layout));
    VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, ENGINE_FRAMES};
    VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = ENGINE_FRAMES,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    CHECK(vkCreateDescriptorPool(e->device, &pool, NULL, &e->descriptors));
    VkDescriptorSetLayout layouts[ENGINE_FRAMES] = {e->set_layout, e->set_layout};
    VkDescriptorSetAllocateInfo sets = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = e->descriptors,
        .descriptorSetCount = ENGINE_FRAMES,
        .pSetLayouts = layouts,
    };
    CHECK(vkAllocateDescriptorSets(e->device, &sets, e->sets));
}

static VkPipelineShaderStageCreateInfo load(engine *e, VkShaderStageFlagBits stage, const uint32_t *code, size_t size)
{
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = size,
        .pCode = code,
    };
    VkPipelineShaderStageCreateInfo result = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
        .stage = stage,
        .pName = "main",
    };
    CHECK(vkCreateShaderModule(e->device, &info, NULL, &result.module));
    return result;
}

static void create_pipeline(engine *e)
{
    VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &e->set_layout,
    };
    CHECK(vkCreatePipelineLayout(e->device, &layout, NULL, &e->pipeline_layout));
    VkPipelineShaderStageCreateInfo stages[2] = {
        load(e, VK_SHADER_STAGE_VERTEX_BIT, texture_vert, sizeof texture_vert),
        load(e, VK_SHADER_STAGE_FRAGMENT_BIT, texture_frag, sizeof texture_frag),
    };
    VkFormat format = VK_FORMAT_R8G8B8A8_SRGB;
    VkPipelineRenderingCreateInfo rendering = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO,
        .colorAttachmentCount = 1,
        .pColorAttachmentFormats = &format,
    };
    VkPipelineVertexInputStateCreateInfo vertices = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
    VkPipelineInputAssemblyStateCreateInfo assembly = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
        .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
    };
    VkViewport viewport = {0, 0, ENGINE_SIZE, ENGINE_SIZE, 0, 1};
    VkRect2D scissor = {{0, 0}, {ENGINE_SIZE, ENGINE_SIZE}};
    VkPipelineViewportStateCreateInfo viewports = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
        .viewportCount = 1,
        .pViewports = &viewport,
        .scissorCount = 1,
        .pScissors = &scissor,
    };
    VkPipelineRasterizationStateCreateInfo raster = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO, .lineWidth = 1};
    VkPipelineMultisampleStateCreateInfo samples = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
        .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT,
    };
    VkPipelineColorBlendAttachmentState attachment = {.colorWriteMask = 0xf};
    VkPipelineColorBlendStateCreateInfo blend = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
        .attachmentCount = 1,
        .pAttachments = &attachment,
    };
    VkGraphicsPipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
        .pNext = &rendering,
        .stageCount = 2,
        .pStages = stages,
        .pVertexInputState = &vertices,
        .pInputAssemblyState = &assembly,
        .pViewportState = &viewports,
        .pRasterizationState = &raster,
        .pMultisampleState = &samples,
        .pColorBlendState = &blend,
        .layout = e->pipeline_layout,
    };
    CHECK(vkCreateGraphicsPipelines(e->device, VK_NULL_HANDLE, 1, &info, NULL, &e->pipeline));
    vkDestroyShaderModule(e->device, stages[0].module, NULL);
    vkDestroyShaderModule(e->device, stages[1].module, NULL);
}

static void create_frames(engine *e)
{
    VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    CHECK(vkCreateSemaphore(e->device, &semaphore, NULL, &e->frames));
    for (uint32_t i = 0; i < ENGINE_FRAMES; i++) {
        VkCommandPoolCreateInfo pool = {
            .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
            .queueFamilyIndex = e->queue_family,
        };
        CHECK(vkCreateCommandPool(e->device, &pool, NULL, &e->pools[i]));
        VkCommandBufferAllocateInfo info = {
            .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
            .commandPool = e->pools[i],
            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
            .commandBufferCount = 1,
        };
        CHECK(vkAllocateCommandBuffers(e->device, &info, &e->commands[i]));
    }
}

void engine_create(engine *e, const diffusion_vulkan_requirements *needs)
{
    memset(e, 0, sizeof *e);
    create_instance(e, needs);
    create_device(e, needs);
    create_target(e);
    create_descriptors(e);
    create_pipeline(e);
    create_frames(e);
}

static void wait_for(engine *e, uint64_t frame)
{
    VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &e->frames,
        .pValues = &frame,
    };
    CHECK(vkWaitSemaphores(e->device, &info, UINT64_MAX));
}

static void barrier(VkCommandBuffer commands, VkImage image, VkImageLayout from, VkImageLayout to)
{
    VkImageMemoryBarrier2 info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT | VK_ACCESS_2_MEMORY_READ_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .dstAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT | VK_ACCESS_2_MEMORY_READ_BIT,
        .oldLayout = from,
        .newLayout = to,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    VkDependencyInfo dependency = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
        .imageMemoryBarrierCount = 1,
        .pImageMemoryBarriers = &info,
    };
    vkCmdPipelineBarrier2(commands, &dependency);
}

uint32_t engine_begin(engine *e)
{
    uint32_t slot = (uint32_t)(e->frame % ENGINE_FRAMES);
    if (e->frame >= ENGINE_FRAMES) {
        wait_for(e, e->frame + 1 - ENGINE_FRAMES);
    }
    CHECK(vkResetCommandPool(e->device, e->pools[slot], 0));
    VkCommandBufferBeginInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    CHECK(vkBeginCommandBuffer(e->commands[slot], &info));
    return slot;
}

void engine_draw(engine *e, uint32_t slot, VkImageView view, VkImageLayout layout)
{
    VkCommandBuffer commands = e->commands[slot];
    if (view != VK_NULL_HANDLE) {
        VkDescriptorImageInfo image = {VK_NULL_HANDLE, view, layout};
        VkWriteDescriptorSet write = {
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = e->sets[slot],
            .descriptorCount = 1,
            .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
            .pImageInfo = &image,
        };
        vkUpdateDescriptorSets(e->device, 1, &write, 0, NULL);
    }
    barrier(commands, e->target, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    VkRenderingAttachmentInfo attachment = {
        .sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
        .imageView = e->target_view,
        .imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
        .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
    };
    VkRenderingInfo rendering = {
        .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
        .renderArea = {{0, 0}, {ENGINE_SIZE, ENGINE_SIZE}},
        .layerCount = 1,
        .colorAttachmentCount = 1,
        .pColorAttachments = &attachment,
    };
    vkCmdBeginRendering(commands, &rendering);
    if (view != VK_NULL_HANDLE) {
        vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, e->pipeline);
        vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, e->pipeline_layout, 0, 1, &e->sets[slot], 0,
                                NULL);
        vkCmdDraw(commands, 3, 1, 0, 0);
    }
    vkCmdEndRendering(commands);
}

uint64_t engine_end(engine *e, uint32_t slot, VkSemaphore wait, uint64_t value)
{
    CHECK(vkEndCommandBuffer(e->commands[slot]));
    VkSemaphoreSubmitInfo waits = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
        .semaphore = wait,
        .value = value,
        .stageMask = VK_PIPELINE_STAGE_2_FRAGMENT_SHADER_BIT,
    };
    VkSemaphoreSubmitInfo signals = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
        .semaphore = e->frames,
        .value = ++e->frame,
        .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
    };
    VkCommandBufferSubmitInfo commands = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
        .commandBuffer = e->commands[slot],
    };
    VkSubmitInfo2 submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
        .waitSemaphoreInfoCount = wait == VK_NULL_HANDLE ? 0u : 1u,
        .pWaitSemaphoreInfos = &waits,
        .commandBufferInfoCount = 1,
        .pCommandBufferInfos = &commands,
        .signalSemaphoreInfoCount = 1,
        .pSignalSemaphoreInfos = &signals,
    };
    CHECK(vkQueueSubmit2(e->queue, 1, &submit, VK_NULL_HANDLE));
    return e->frame;
}

static uint32_t count_colours(const unsigned char *pixels)
{
    uint32_t seen[1000];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ENGINE_SIZE * ENGINE_SIZE && count < 1000; i++) {
        uint32_t colour;
        uint32_t k = 0;
        memcpy(&colour, pixels + (size_t)i * 4, sizeof colour);
        while (k < count && seen[k] != colour) {
            k++;
        }
        if (k == count) {
            seen[count++] = colour;
        }
    }
    return count;
}

uint32_t engine_save(engine *e, const char *path)
{
    /* After the last frame, in a slot of its own. */
    uint32_t slot = engine_begin(e);
    VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {ENGINE_SIZE, ENGINE_SIZE, 1},
    };
    barrier(e->commands[slot], e->target, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
            VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    vkCmdCopyImageToBuffer(e->commands[slot], e->target, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, e->readback, 1, &region);
    VkMemoryBarrier2 memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_COPY_BIT,
        .srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT,
        .dstAccessMask = VK_ACCESS_2_HOST_READ_BIT,
    };
    VkDependencyInfo dependency = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
        .memoryBarrierCount = 1,
        .pMemoryBarriers = &memory,
    };
    vkCmdPipelineBarrier2(e->commands[slot], &dependency);
    wait_for(e, engine_end(e, slot, VK_NULL_HANDLE, 0));

    unsigned char *pixels;
    CHECK(vkMapMemory(e->device, e->readback_memory, 0, VK_WHOLE_SIZE, 0, (void **)&pixels));
    uint32_t colours = count_colours(pixels);
    FILE *file = path == NULL ? NULL : fopen(path, "wb");
    if (file != NULL) {
        fprintf(file, "P6\n%u %u\n255\n", ENGINE_SIZE, ENGINE_SIZE);
        for (uint32_t i = 0; i < ENGINE_SIZE * ENGINE_SIZE; i++) {
            fwrite(pixels + (size_t)i * 4, 3, 1, file);
        }
        fclose(file);
    }
    vkUnmapMemory(e->device, e->readback_memory);
    return colours;
}

void engine_destroy(engine *e)
{
    CHECK(vkDeviceWaitIdle(e->device));
    for (uint32_t i = 0; i < ENGINE_FRAMES; i++) {
        vkDestroyCommandPool(e->device, e->pools[i], NULL);
    }
    vkDestroySemaphore(e->device, e->frames, NULL);
    vkDestroyPipeline(e->device, e->pipeline, NULL);
    vkDestroyPipelineLayout(e->device, e->pipeline_layout, NULL);
    vkDestroyDescriptorPool(e->device, e->descriptors, NULL);
    vkDestroyDescriptorSetLayout(e->device, e->set_layout, NULL);
    vkDestroySampler(e->device, e->sampler, NULL);
    vkDestroyBuffer(e->device, e->readback, NULL);
    vkFreeMemory(e->device, e->readback_memory, NULL);
    vkDestroyImageView(e->device, e->target_view, NULL);
    vkDestroyImage(e->device, e->target, NULL);
    vkFreeMemory(e->device, e->target_memory, NULL);
    vkDestroyDevice(e->device, NULL);
    if (e->messenger != VK_NULL_HANDLE) {
        PFN_vkDestroyDebugUtilsMessengerEXT destroy = (PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
            e->instance, "vkDestroyDebugUtilsMessengerEXT");
        destroy(e->instance, e->messenger, NULL);
    }
    vkDestroyInstance(e->instance, NULL);
}
