/*
 * diffusion.h: textures that a diffusion model generates while a game renders.
 *
 * C99, clean in C++20; needs no Vulkan header (Vulkan's handles are void * and uint64_t here). The manual, with the
 * synchronisation contract as a picture, is docs/plugin.md.
 *
 * RULES FOR ALL FUNCTIONS
 *
 * Result.   Every function but diffusion_get_version and diffusion_get_last_error returns a diffusion_result: 0 is
 *           success, above 0 is no error (DIFFUSION_NOT_READY), below 0 is an error. After an error nothing has
 *           changed and outputs are untouched, unless the function says otherwise. The text of a thread's last error
 *           is kept until its next: diffusion_get_last_error. No exception or signal ever leaves the library.
 *
 * Handles.  Numbers, not pointers; 0 names nothing. A handle that was destroyed or released, or was made up, gives
 *           DIFFUSION_ERROR_INVALID_HANDLE, also the second time.
 *
 * Threads.  A runtime belongs to the thread that created it, until diffusion_attach_thread moves it. Functions that
 *           take a runtime are called on that thread; on any other they return DIFFUSION_ERROR_WRONG_THREAD, and
 *           within one of the runtime's callbacks DIFFUSION_ERROR_BUSY. Functions without a runtime may be called on
 *           any thread. Runtimes are independent of each other.
 *
 * Pointers. A null pointer gives DIFFUSION_ERROR_INVALID_ARGUMENT where it is not allowed. Memory that is passed in
 *           is read or written during the call only and stays the caller's; exceptions say so. A pointer that is
 *           neither null nor valid cannot be detected. Texts are UTF-8 with a final zero, at most 4,095 bytes long.
 *
 * Structs.  Set struct_size and struct_version, zero the rest, then fill in (DIFFUSION_INIT does the first two). Zero
 *           is every field's default. New fields are added at the end, 8 bytes at a time: a program built with an
 *           older header works with a newer library. A program built with a newer header works with an older library
 *           as long as the fields that this one does not know are zero, else it gets DIFFUSION_ERROR_UNSUPPORTED;
 *           outputs that it does not know are zeroed.
 *
 * The library cannot be unloaded (dlclose does nothing useful): it holds a managed runtime.
 */
#ifndef DIFFUSION_H
#define DIFFUSION_H

#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define DIFFUSION_CALL __cdecl
#define DIFFUSION_API __declspec(dllimport)
#else
#define DIFFUSION_CALL
#define DIFFUSION_API
#endif

/* The version of this header; diffusion_get_version tells the library's. */
#define DIFFUSION_MAKE_VERSION(major, minor, patch) \
    (((uint32_t)(major) << 22) | ((uint32_t)(minor) << 12) | (uint32_t)(patch))
#define DIFFUSION_HEADER_VERSION DIFFUSION_MAKE_VERSION(0, 6, 0)

/* What struct_version is set to. It changes only if a field's meaning changes, which growth does not. */
#define DIFFUSION_STRUCT_VERSION 1u

/* Zeroes *pointer and sets its size and version. */
#define DIFFUSION_INIT(pointer)                                   \
    ((void)memset((pointer), 0, sizeof *(pointer)),               \
     (void)((pointer)->struct_size = (uint32_t)sizeof *(pointer)), \
     (void)((pointer)->struct_version = DIFFUSION_STRUCT_VERSION))

#ifdef __cplusplus
extern "C" {
#endif

/* -- declarations: plain C from here to the end mark, so that an FFI can read them -- */

typedef int32_t diffusion_result;

enum {
    DIFFUSION_SUCCESS = 0,
    /* No error: there is nothing (newer) yet. */
    DIFFUSION_NOT_READY = 1,
    /* A value breaks a rule; the text names both. */
    DIFFUSION_ERROR_INVALID_ARGUMENT = -1,
    /* The handle names nothing (any more). */
    DIFFUSION_ERROR_INVALID_HANDLE = -2,
    /* The runtime belongs to another thread. */
    DIFFUSION_ERROR_WRONG_THREAD = -3,
    /* Called within a callback of the same runtime, or while it is in a call on its thread. */
    DIFFUSION_ERROR_BUSY = -4,
    /* Not in this order: the text says what must come before. */
    DIFFUSION_ERROR_INVALID_STATE = -5,
    /* A model file is missing, unreadable or breaks its format. */
    DIFFUSION_ERROR_MODEL = -6,
    /* No Vulkan loader, driver or device that serves. */
    DIFFUSION_ERROR_NO_DEVICE = -7,
    /* Vulkan failed; the text has its VkResult. */
    DIFFUSION_ERROR_VULKAN = -8,
    /* The Vulkan device is lost: destroy the runtime and create another. */
    DIFFUSION_ERROR_DEVICE_LOST = -9,
    DIFFUSION_ERROR_OUT_OF_MEMORY = -10,
    /* Asked of a library or device that cannot do it. */
    DIFFUSION_ERROR_UNSUPPORTED = -11,
    /* More runtimes or textures than there is room for. */
    DIFFUSION_ERROR_LIMIT = -12,
    /* A defect of the library: please report the text. */
    DIFFUSION_ERROR_INTERNAL = -13
};

/* A runtime: one model on one device, with its textures. */
typedef uint64_t diffusion_runtime;

/* A texture of one runtime. */
typedef uint64_t diffusion_texture;

/* Since 0.4.0. A plane of texture without end, in tiles, of one runtime. */
typedef uint64_t diffusion_surface;

enum {
    DIFFUSION_LOG_ERROR = 1,
    DIFFUSION_LOG_WARNING = 2,
    DIFFUSION_LOG_INFO = 3
};

/*
 * Receives a line of the log. The text is the library's, valid during the call. Called on the runtime's thread within
 * its functions. Must return (no longjmp, no exception).
 */
typedef void(DIFFUSION_CALL *diffusion_log_callback)(void *user, uint32_t level, const char *text);

/* Locks or unlocks the host's VkQueue around the library's submissions to it. Must return. */
typedef void(DIFFUSION_CALL *diffusion_queue_callback)(void *user);

/* What a Vulkan device must offer. Filled by diffusion_get_vulkan_requirements. The texts and lists are the
 * library's and valid until the process ends. */
typedef struct diffusion_vulkan_requirements {
    uint32_t struct_size;
    uint32_t struct_version;
    /* The least VkApplicationInfo::apiVersion and VkPhysicalDeviceProperties::apiVersion. */
    uint32_t api_version;
    /* VkQueueFlags that the queue's family must have. */
    uint32_t queue_flags;
    uint32_t instance_extension_count;
    uint32_t device_extension_count;
    /* Used where they are enabled; each makes something faster. */
    uint32_t optional_device_extension_count;
    /* Features to enable, by the names of their fields in VkPhysicalDeviceFeatures and
     * VkPhysicalDeviceVulkan11Features to 13Features. */
    uint32_t feature_count;
    /* Used where they are enabled; cooperativeMatrix is of VkPhysicalDeviceCooperativeMatrixFeaturesKHR. */
    uint32_t optional_feature_count;
    uint32_t optional_instance_extension_count;
    const char *const *instance_extensions;
    const char *const *optional_instance_extensions;
    const char *const *device_extensions;
    const char *const *optional_device_extensions;
    const char *const *features;
    const char *const *optional_features;
} diffusion_vulkan_requirements;

/* The host's Vulkan objects. They stay the host's and must live until diffusion_destroy has returned. */
typedef struct diffusion_vulkan_host {
    uint32_t struct_size;
    uint32_t struct_version;
    /* VkInstance */
    void *instance;
    /* VkPhysicalDevice */
    void *physical_device;
    /* VkDevice, created with what diffusion_get_vulkan_requirements lists */
    void *device;
    /* VkQueue that the library submits to, from the runtime's thread. */
    void *queue;
    /* PFN_vkGetInstanceProcAddr, or null for the Vulkan loader's. */
    void *get_instance_proc_addr;
    /* Called around each submission to queue, paired and never nested; both null where no other thread uses the
     * queue meanwhile. */
    diffusion_queue_callback lock_queue;
    diffusion_queue_callback unlock_queue;
    void *queue_user;
    /* The queue's family. */
    uint32_t queue_family;
    /* What was enabled, by name; those that the library does not know do not matter. */
    uint32_t instance_extension_count;
    uint32_t device_extension_count;
    uint32_t feature_count;
    const char *const *instance_extensions;
    const char *const *device_extensions;
    /* As in diffusion_vulkan_requirements. */
    const char *const *features;
    /* Since 0.3.0. VkAllocationCallbacks for every object that the library makes on the device, or null. Not copied:
     * the struct lives until diffusion_destroy has returned. */
    const void *allocator;
    /* Since 0.6.0. Another VkQueue of the device, on which the network's slices run beside the host's frames, or null:
     * they run on queue, between them. Images are still handed over on queue, and synchronised as ever. It may be queue
     * itself, for a timeline of its own; then the callbacks below are not called but those above. Not used with
     * "onnx". */
    void *compute_queue;
    /* As the two above for compute_queue; both null where no one else uses it. Called from the runtime's thread. */
    diffusion_queue_callback lock_compute_queue;
    diffusion_queue_callback unlock_compute_queue;
    void *compute_queue_user;
    /* compute_queue's family, one with VK_QUEUE_COMPUTE_BIT; its own or the other's. */
    uint32_t compute_queue_family;
    /* 0. */
    uint32_t reserved;
} diffusion_vulkan_host;

enum {
    /* Loads Vulkan's validation layer for the library's own device; its messages go to the log. Fails where the
     * layer is not installed. Ignored with a host's device. */
    DIFFUSION_CREATE_VALIDATION = 1
};

typedef struct diffusion_create_info {
    uint32_t struct_size;
    uint32_t struct_version;
    /* DIFFUSION_CREATE_... */
    uint32_t flags;
    /* Of how many ticks in which no slice fitted the last runs one all the same; 0 is 1: one in every tick.
     * UINT32_MAX: never, a slice waits for a larger budget. */
    uint32_t forced_slice_ticks;
    /* Which quantile of recent costs a slice is expected to take at first, in (0, 1]; 0 is 0.95. */
    double cost_quantile;
    /* For the library's own device: part of its name, or its index; null takes the best. */
    const char *device_name;
    /* The host's objects, or null for a device of the library's own (readback only). */
    const diffusion_vulkan_host *vulkan;
    /* Null for no log. */
    diffusion_log_callback log;
    void *log_user;
    /* Since 0.2.0. Where compiled pipelines are kept between runs, made if need be; null keeps none. Without it the
     * driver compiles the network's shaders in each run, where it has no cache of its own. What 'diffusion tune'
     * measured is read from there too. */
    const char *pipeline_cache_folder;
    /* Since 0.4.0. Where the network runs, by the names that diffusion_statistics has: "compute", in Vulkan compute
     * shaders on the device, or "onnx", in ONNX Runtime on the CPU, whose library (libonnxruntime.so, onnxruntime.dll)
     * then lies beside this one; it is loaded with the first model. Null is "compute". With "onnx" and no host's
     * objects, Vulkan is neither needed nor looked for. */
    const char *backend;
} diffusion_create_info;

/* Since 0.3.0. A file of a model, in the host's memory. */
typedef struct diffusion_model_file {
    uint32_t struct_size;
    uint32_t struct_version;
    /* Its path in the model's folder, with slashes: "unet/config.json". */
    const char *name;
    /* May be null where size is 0. */
    const void *data;
    /* In bytes, below 2^31. */
    uint64_t size;
} diffusion_model_file;

typedef struct diffusion_model {
    uint32_t struct_size;
    uint32_t struct_version;
    /* A model folder in diffusers' layout; null where files are given. */
    const char *path;
    /* Since 0.3.0. The same folder in memory, from an archive of the host's: an array of its files, at most 1,024, in
     * any order, each element struct_size of the first from the next. They are read in place, so they must not change
     * during the call, and are not needed after it. */
    uint64_t file_count;
    const diffusion_model_file *files;
} diffusion_model;

/* Filled by diffusion_get_model_info. */
typedef struct diffusion_model_info {
    uint32_t struct_size;
    uint32_t struct_version;
    /* Classes by name, labels 0 to class_count - 1; 0 for a network without classes. */
    int32_t class_count;
    /* Width and height of textures must be multiples of it. */
    int32_t stride;
    /* The canvas that the network was trained on, in pixels; 0 when unknown. */
    int32_t sample_size;
    /* 1 where guidance_scale may differ from 1. */
    uint32_t has_guidance;
} diffusion_model_info;

/* Which image of a texture is shown. */
enum {
    /* x_t: the noisy sample as it is, from noise to the finished texture. */
    DIFFUSION_DISPLAY_SAMPLE = 0,
    /* The clean image that the network predicts from it: blurred at first. */
    DIFFUSION_DISPLAY_DENOISED = 1
};

enum {
    /* The texture does not tile; by default it does. */
    DIFFUSION_REQUEST_NOT_SEAMLESS = 1,
    /* Clean estimates are not clamped to the model's range. */
    DIFFUSION_REQUEST_UNCLAMPED = 2,
    /* class_label is the class. */
    DIFFUSION_REQUEST_CLASS_LABEL = 4,
    /* Since 0.3.0. second_class_label is the second class. */
    DIFFUSION_REQUEST_SECOND_CLASS_LABEL = 8,
    /* Since 0.4.0. end_time is where the last step ends. */
    DIFFUSION_REQUEST_END_TIME = 16
};

typedef struct diffusion_request {
    uint32_t struct_size;
    uint32_t struct_version;
    /* In pixels: multiples of the model's stride, at most 4096. */
    int32_t width;
    int32_t height;
    /* The class by name, or null. */
    const char *class_name;
    /* The class by label, with DIFFUSION_REQUEST_CLASS_LABEL; else ignored. Neither: no class. */
    int32_t class_label;
    /* DIFFUSION_REQUEST_... */
    uint32_t flags;
    /* The same seed, request, library and device give the same bits. */
    uint64_t seed;
    /* World coordinates of the left and top edge: tiles of one seed see the same noise where they overlap. */
    int32_t origin_x;
    int32_t origin_y;
    /* Names as the README lists them; null: "dpmpp-2m", or "ddim" for a distilled model, which needs it; the model's
     * schedule; what suits solver and schedule. */
    const char *solver;
    const char *schedule;
    const char *spacing;
    /* 1 to 1000; 0 is 20, or for a distilled model the most that it was taught. */
    int32_t steps;
    /* Above 0: be complete within so many ticks, with fewer steps where not all fit. */
    int32_t ready_within_ticks;
    /* Textures of a higher priority go first. */
    int32_t priority;
    /* DIFFUSION_DISPLAY_...: which image diffusion_get_latest shows. */
    uint32_t display;
    /* w of classifier-free guidance, above 0; 0 is 1, none, and costs half. */
    float guidance_scale;
    /* Above 0, dynamic thresholding by this share instead of the clamp, at most 1. */
    float threshold_ratio;
    /* Null, or planar [3, height, width] floats in [-1, 1] to start from; copied. */
    const float *image;
    /* With an image, which part of the steps is run, in (0, 1]; 0 is 1. */
    double strength;
    /* Since 0.2.0. Guidance applies where sigma/alpha is above the first and at most the second; 0 is no end. */
    double guidance_min_ratio;
    double guidance_max_ratio;
    /* Since 0.3.0. Milliseconds, at most 60000, in which a change of what diffusion_get_latest shows comes in: the next
     * step, the other display, or what diffusion_retarget began. Until then every tick mixes an image, of the same
     * generation; 0 shows changes at once. */
    double fade_ms;
    /* Since 0.3.0. How far the noise is turned from that of seed, 0, to that of variation_seed, 1: nearby values give
     * variations of one texture. */
    uint64_t variation_seed;
    float variation;
    /* Since 0.3.0. A class to mix in, by name or, with DIFFUSION_REQUEST_SECOND_CLASS_LABEL, by label; neither: none.
     * Its share of the texture is the weight, 0 to 1, or the mask's for each pixel, [height, width] floats in [0, 1],
     * copied; then the weight is 0. A step costs an evaluation of the network more. */
    float second_class_weight;
    const char *second_class_name;
    const float *second_class_mask;
    int32_t second_class_label;
    /* Since 0.3.0. The mean colour of the texture, 0xRRGGBB in sRGB, and how far each step goes towards it, at most 1;
     * at 0 the texture has its own. */
    uint32_t mean_color;
    float mean_color_strength;
    /* Since 0.4.0. How far each step goes towards the palette's colours, at most 1; 0 is 1. Without one it is 0. */
    float palette_strength;
    /* Since 0.4.0. Null, or the palette: colours whose mean and spread the texture is given, a list or the pixels of a
     * picture, each 0xRRGGBB in sRGB, copied. Then mean_color_strength is 0. */
    const uint32_t *palette;
    /* Colours in palette: 1 to 1,048,576, or 0 where it is null. */
    uint64_t palette_count;
    /* Since 0.4.0. Null or, with an image, which part of it is painted anew, [height, width] floats in [0, 1], copied:
     * 1 where it is, 0 where the image is kept and steers what is painted; between them a mixture. What is kept comes
     * out as it was, with "pndm" up to rounding. Not for "ddim-inversion". */
    const float *mask;
    /* Since 0.4.0. Of "ddim" and "ddim-optimal": which share of ancestral sampling's noise each step renews, 0 to 1; 1
     * is "ddpm". With another solver it is 0, and so are the options below with another than theirs. */
    double eta;
    /* Since 0.4.0. Of "edm": how much noise it adds over all steps (S_churn), finite and above 0; 0 is 40. Without any
     * it is "heun". */
    double churn;
    /* Since 0.4.0. Of "edm": the least sigma/alpha at which it adds noise (S_tmin), above 0; 0 is 0.05. */
    double churn_min_sigma;
    /* Since 0.4.0. Of "edm": the largest (S_tmax), at least the least, infinity for no end; 0 is 50. */
    double churn_max_sigma;
    /* Since 0.4.0. Of "edm": the deviation of the noise added (S_noise), finite and above 0; 0 is 1.003. */
    double churn_noise;
    /* Since 0.4.0. Of "pc": the corrector's signal-to-noise ratio, finite and above 0; 0 is 0.16. */
    double corrector_snr;
    /* Since 0.4.0. Null, or the times at which steps begin, falling, within the schedule's range, copied; in place of
     * steps and spacing, which are then ignored. */
    const double *times;
    /* How many: 1 to 1,000, or 0 where times is null. */
    uint64_t time_count;
    /* Since 0.4.0. The time on the schedule at which the last step ends, at most that at which it begins, with
     * DIFFUSION_REQUEST_END_TIME; else ignored. The noise of that time stays in the texture; by default none does. */
    double end_time;
} diffusion_request;

/* Where a texture stands. */
enum {
    DIFFUSION_STATUS_RUNNING = 0,
    /* By diffusion_pause. */
    DIFFUSION_STATUS_PAUSED = 1,
    /* It waits: for readers, who hold all images, for the device, or for shaders that are being made. */
    DIFFUSION_STATUS_WAITING = 2,
    DIFFUSION_STATUS_COMPLETED = 3,
    DIFFUSION_STATUS_CANCELLED = 4,
    DIFFUSION_STATUS_FAILED = 5
};

/* Filled by diffusion_get_progress. */
typedef struct diffusion_progress {
    uint32_t struct_size;
    uint32_t struct_version;
    /* DIFFUSION_STATUS_... */
    uint32_t status;
    /* Steps finished, and in all. */
    int32_t step;
    int32_t step_count;
    uint32_t reserved;
    /* The noise level of x_t: x_t = alpha * image + sigma * noise. */
    double alpha;
    double sigma;
    /* Of the newest image: grows by one with each; 0 before the first. */
    uint64_t generation;
    /* Why it failed, cut to fit; empty if it did not. */
    char failure[256];
} diffusion_progress;

/* Why a tick ended. */
enum {
    /* No texture has work to do. */
    DIFFUSION_STOP_IDLE = 0,
    /* The next slice would not fit what was left. */
    DIFFUSION_STOP_BUDGET_SPENT = 1,
    /* The next slice does not fit the whole budget. */
    DIFFUSION_STOP_SLICE_EXCEEDS_BUDGET = 2,
    /* All work waits: for readers to give images back, or for the device to finish what it was handed or for its
     * shaders to be made. */
    DIFFUSION_STOP_WAITING = 3
};

/* Filled by diffusion_tick. Times in milliseconds. */
typedef struct diffusion_tick_report {
    uint32_t struct_size;
    uint32_t struct_version;
    double budget_ms;
    /* Of the whole call on the host, the hand-over of images included. */
    double taken_ms;
    /* What the slices that ran were predicted to cost. */
    double predicted_ms;
    /* What the slice that did not fit was predicted to cost; 0 when there was none. */
    double next_predicted_ms;
    int32_t slices_run;
    int32_t steps_completed;
    int32_t textures_completed;
    int32_t textures_failed;
    /* 1 if a slice was begun that was predicted not to fit; see forced_slice_ticks. */
    uint32_t forced;
    /* DIFFUSION_STOP_... */
    uint32_t stop;
    /* Since 0.2.0. The part of predicted_ms that a GPU beside the host was handed; not in taken_ms. */
    double submitted_ms;
} diffusion_tick_report;

/* An image on loan, filled by diffusion_get_latest. */
typedef struct diffusion_image {
    uint32_t struct_size;
    uint32_t struct_version;
    /* VkImage, the library's: RGBA8 with all mip levels. */
    uint64_t image;
    /* VkImageView of all levels; sampling decodes sRGB. */
    uint64_t view;
    /* VkSemaphore, a timeline, and the value from which the image is readable. Frames that the same queue is given
     * later need not wait for it. */
    uint64_t semaphore;
    uint64_t ready_value;
    /* VkFormat, VkImageLayout: the reader leaves the layout as it is. */
    uint32_t format;
    uint32_t layout;
    uint32_t width;
    uint32_t height;
    uint32_t mip_levels;
    /* Steps finished when the image was made. */
    int32_t step;
    /* Grows with each image of the texture. */
    uint64_t generation;
    /* The noise level shown. */
    double alpha;
    double sigma;
    /* For diffusion_release_after. */
    diffusion_texture texture;
    uint64_t loan;
} diffusion_image;

/* Where diffusion_read_pixels writes to. */
typedef struct diffusion_pixels {
    uint32_t struct_size;
    uint32_t struct_version;
    /* In: the host's buffer and its size in bytes. Rows of RGBA, 8 bits each, sRGB, alpha 255, top row first. */
    void *data;
    uint64_t data_size;
    /* In: bytes from row to row; 0 is 4 * width. */
    uint32_t row_pitch;
    /* In: DIFFUSION_DISPLAY_... */
    uint32_t display;
    /* In: read only if the newest image is newer. Out: the generation read, so that the next call can follow. */
    uint64_t generation;
    /* Out. */
    double alpha;
    double sigma;
    int32_t step;
    uint32_t reserved;
} diffusion_pixels;

/* Since 0.4.0. What a surface is made of, and how it is cut into tiles. */
typedef struct diffusion_surface_settings {
    uint32_t struct_size;
    uint32_t struct_version;
    /* Class, solver, steps, guidance and display of every tile; its seed is the world's, its size a tile's with what it
     * shares with its neighbours, its origin is not read. Copied, never null. Without image, mask, end_time,
     * ready_within_ticks and fade_ms. Its last step gives the clean estimate: all solvers' but "pndm". It should tile:
     * the shipped models draw noise along the border of what does not. */
    const diffusion_request *style;
    /* Pixels that neighbours have in common, 1 to less than half of a tile's edge; 0 is 16. */
    int32_t overlap;
    /* Tiles in work at a time, at least 1; 0 is 2. */
    int32_t tiles_in_work;
    /* How far tiles depart from one pattern, the style's own texture laid over the plane: the part of their steps that
     * they run from it, above 0; 1 is without a pattern, 0 is 0.6. */
    double departure;
} diffusion_surface_settings;

/* Since 0.4.0. Where a tile stands. */
enum {
    /* It is not wanted. */
    DIFFUSION_TILE_ABSENT = 0,
    /* It has not begun: neighbours come first, or tiles that were wanted before. */
    DIFFUSION_TILE_WAITING = 1,
    /* Its texture is in work, and may be shown. */
    DIFFUSION_TILE_RUNNING = 2,
    DIFFUSION_TILE_COMPLETED = 3,
    /* It failed, or a neighbour that it needs did: release it to want it again. */
    DIFFUSION_TILE_FAILED = 4
};

/* Since 0.4.0. Filled by diffusion_get_tile. */
typedef struct diffusion_tile {
    uint32_t struct_size;
    uint32_t struct_version;
    /* DIFFUSION_TILE_... */
    uint32_t status;
    uint32_t reserved;
    /* While running or completed, else 0. The surface's: diffusion_get_progress, diffusion_get_latest,
     * diffusion_release_after and diffusion_read_pixels take it, other functions return INVALID_STATE. The handle ends
     * when the tile fails or is released, as by diffusion_release. */
    diffusion_texture texture;
    /* Why it failed, cut to fit; empty if it did not. */
    char failure[256];
} diffusion_tile;

/* How images reach the device. */
enum {
    /* No texture was asked for by diffusion_get_latest yet. */
    DIFFUSION_SHARING_NONE = 0,
    /* The chain's host memory is imported as device memory: no copy. */
    DIFFUSION_SHARING_HOST_IMPORT = 1,
    /* The image shown is copied to a mapped buffer. */
    DIFFUSION_SHARING_STAGING = 2,
    /* The chain runs on the device that shows it: nothing crosses to the host. */
    DIFFUSION_SHARING_IN_PLACE = 3
};

/* Filled by diffusion_get_statistics; sums since the runtime was created. */
typedef struct diffusion_statistics {
    uint32_t struct_size;
    uint32_t struct_version;
    uint64_t ticks;
    uint64_t slices;
    uint64_t steps;
    uint64_t textures_submitted;
    uint64_t textures_completed;
    uint64_t textures_failed;
    /* Textures not yet released. */
    uint64_t textures_live;
    /* Ticks that took longer than their budget, and by how much at most, in milliseconds. */
    uint64_t ticks_over_budget;
    double worst_overrun_ms;
    double budget_ms;
    double taken_ms;
    /* Images converted for diffusion_get_latest, and bytes that the CPU copied for them. */
    uint64_t images_converted;
    uint64_t bytes_copied;
    /* Bytes that the library's managed code allocated on this runtime's thread within diffusion_tick. */
    uint64_t tick_allocated_bytes;
    /* Garbage collections of the library since the process began. */
    uint64_t gc_collections;
    /* DIFFUSION_SHARING_... of the newest texture. */
    uint32_t sharing;
    uint32_t reserved;
    /* Names, cut to fit; empty before a model is loaded. */
    char backend[32];
    char device[224];
} diffusion_statistics;

/*
 * The library's version, as DIFFUSION_MAKE_VERSION packs it. Thread: any.
 */
DIFFUSION_API uint32_t DIFFUSION_CALL diffusion_get_version(void);

/*
 * Copies the calling thread's last error text, cut to fit and ended by a zero, to text; returns the bytes that the
 * whole text needs with its zero, 1 when there was no error. Thread: any. text may be null if size is 0.
 */
DIFFUSION_API uint32_t DIFFUSION_CALL diffusion_get_last_error(char *text, uint32_t size);

/*
 * What to create the Vulkan instance and device with, asked before that. Touches no driver. Thread: any.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_get_vulkan_requirements(diffusion_vulkan_requirements *requirements);

/*
 * Creates a runtime that belongs to the calling thread. info may be null: a device of its own, no log. Thread: any.
 * The host destroys it by diffusion_destroy, before its own Vulkan objects.
 * Errors: INVALID_ARGUMENT, NO_DEVICE, VULKAN, UNSUPPORTED (the host's device lacks a requirement), LIMIT (64
 * runtimes).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_create(const diffusion_create_info *info, diffusion_runtime *runtime);

/*
 * Waits for the library's own work on the device, frees all that the runtime made and ends its handles. Images on
 * loan go too: the host's frames that read them must be done. Thread: the runtime's.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_destroy(diffusion_runtime runtime);

/*
 * Makes the calling thread the runtime's, for engines that create on one thread and tick on another. Thread: any;
 * BUSY while the runtime is in a call. The host orders it after the last call on the old thread.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_attach_thread(diffusion_runtime runtime);

/*
 * Loads a model from a folder or from memory, or another one in its place. Reads and uploads the weights, and waits for
 * the library's own work on the device: call it while loading. After an error in the weights or of the device there is
 * no model, also not the one before. Thread: the runtime's.
 * Errors: MODEL, UNSUPPORTED or INVALID_ARGUMENT (the network has what the backend lacks), UNSUPPORTED (the backend's
 * own library is missing), INVALID_STATE (textures or surfaces are not yet released), VULKAN, OUT_OF_MEMORY.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_load_model(diffusion_runtime runtime, const diffusion_model *model);

/*
 * What the loaded model is. Thread: the runtime's. Errors: INVALID_STATE (no model).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_get_model_info(diffusion_runtime runtime, diffusion_model_info *info);

/*
 * Copies the name of class label to text, cut to fit and ended by a zero. Thread: the runtime's.
 * Errors: INVALID_ARGUMENT (no such class, or size is 0), INVALID_STATE (no model).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_get_class_name(diffusion_runtime runtime, int32_t label, char *text, uint32_t size);

/*
 * Begins a texture; its first work is done by the next tick, which shows its noise. Released by diffusion_release. The
 * first of a size has the network's shaders made, by a thread of the library's own: until they are there its slices
 * wait, on a CPU device within the tick. Where the host lends an allocator, the ticks themselves make them. Submit one
 * while loading. Thread: the runtime's.
 * Errors: INVALID_ARGUMENT (the text names value and rule), INVALID_STATE (no model), LIMIT, VULKAN, OUT_OF_MEMORY.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_submit(diffusion_runtime runtime, const diffusion_request *request, diffusion_texture *texture);

/*
 * Turns a texture into another class, mix, seed, colour or guidance from where it stands, not from noise. Size,
 * seamlessness and whether guidance and a second class are used stay, and so does what a mask keeps; image and mask
 * are null. Solver and steps are those of a texture that had ended; one in work goes on with its own.
 * Thread: the runtime's. Errors: INVALID_HANDLE, INVALID_ARGUMENT.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_retarget(diffusion_runtime runtime, diffusion_texture texture, const diffusion_request *request);

/*
 * Since 0.5.0. Stops a texture's work where it stands, between two slices: ticks leave it out until diffusion_resume.
 * Its last image stays readable, and it keeps its memory. Cancel, retarget and release work as ever; retarget leaves it
 * paused, unless it had ended. The ticks of ready_within_ticks go on counting. Pausing what has ended or is paused does
 * nothing.
 * Thread: the runtime's. Errors: INVALID_HANDLE, INVALID_STATE (a tile's texture, which is its surface's).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_pause(diffusion_runtime runtime, diffusion_texture texture);

/*
 * Since 0.5.0. Lets a paused texture go on, from the slice at which it stood: the image that comes of it is the same to
 * the bit. Resuming what is not paused does nothing.
 * Thread: the runtime's. Errors: INVALID_HANDLE, INVALID_STATE (a tile's texture).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_resume(diffusion_runtime runtime, diffusion_texture texture);

/*
 * Ends a texture's work; its last image stays readable until diffusion_release. Cancelling what has ended does
 * nothing.
 * Thread: the runtime's. Errors: INVALID_HANDLE.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_cancel(diffusion_runtime runtime, diffusion_texture texture);

/*
 * Frees a texture and ends its handle. Its images go once the device has done what was submitted so far and every
 * loan's frame value is reached; a loan that was not given back by then counts as read until now: release loans
 * first.
 * Thread: the runtime's. Errors: INVALID_HANDLE.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_release(diffusion_runtime runtime, diffusion_texture texture);

/*
 * How far a texture is. Thread: the runtime's. Errors: INVALID_HANDLE.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_get_progress(diffusion_runtime runtime, diffusion_texture texture, diffusion_progress *progress);

/*
 * Once a frame: works for as long as the next slice is expected to fit, then hands new images over to the device.
 * Never waits for the device. Zero does no work and hands over what is there. report may be null. A texture that
 * fails fails alone. Allocates no managed memory, but in a texture's first step.
 * Thread: the runtime's. Submits to the queue, under the host's lock.
 * Errors: INVALID_ARGUMENT (the budget is negative, no number, or above 60,000), DEVICE_LOST, VULKAN. Without a model
 * it does nothing.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_tick(diffusion_runtime runtime, double budget_ms, diffusion_tick_report *report);

/*
 * The newest image of a texture, on loan until diffusion_release_after: it is not written meanwhile. The first call
 * makes the texture's images and returns NOT_READY; a later tick fills them. Loans of the same image add up; hold at
 * most one image of a texture beyond those that the device still reads, else new ones wait. Never waits for the
 * device.
 * Thread: the runtime's. Before the host's shader reads, semaphore must have reached ready_value (a wait in the
 * host's submission, or nothing where it submits to the same queue after this call).
 * Errors: INVALID_HANDLE, INVALID_STATE (the runtime is not on a host's device), VULKAN.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_get_latest(diffusion_runtime runtime, diffusion_texture texture, diffusion_image *image);

/*
 * Gives a loan back: the host no longer reads once semaphore (its own VkSemaphore, a timeline, which lives on until
 * it is reached) has reached value. Semaphore 0: it has already stopped. image is what diffusion_get_latest filled.
 * Thread: the runtime's. Errors: INVALID_HANDLE (the loan was given back before, or its texture released).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_release_after(
    diffusion_runtime runtime, const diffusion_image *image, uint64_t semaphore, uint64_t value);

/*
 * Copies the newest image to the host's memory, if it is newer than pixels->generation. Never waits. For hosts
 * without Vulkan, and for saving. Thread: the runtime's. Returns NOT_READY when there is nothing newer.
 * Errors: INVALID_HANDLE, INVALID_ARGUMENT (buffer or pitch too small).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_read_pixels(diffusion_runtime runtime, diffusion_texture texture, diffusion_pixels *pixels);

/*
 * Sums since the runtime was created. Thread: the runtime's.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_get_statistics(diffusion_runtime runtime, diffusion_statistics *statistics);

/*
 * Since 0.4.0. Makes a surface without tiles. Tile (x, y) covers world pixels from x * (width - overlap) and
 * y * (height - overlap) on. What it is like depends on settings and coordinates alone, not on the order in which tiles
 * are wanted; what neighbours share is the same to the bit. Destroyed by diffusion_destroy_surface, or with the
 * runtime. Thread: the runtime's.
 * Errors: INVALID_ARGUMENT (the text names value and rule), INVALID_STATE (no model), LIMIT (64 surfaces).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_create_surface(
    diffusion_runtime runtime, const diffusion_surface_settings *settings, diffusion_surface *surface);

/*
 * Since 0.4.0. Lets all tiles of a surface go and ends its handle. Images go as by diffusion_release. Thread: the
 * runtime's. Errors: INVALID_HANDLE.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_destroy_surface(diffusion_runtime runtime, diffusion_surface surface);

/*
 * Since 0.4.0. Asks for a tile, when it comes near; again does nothing. Any column and row; world pixels count modulo
 * 2^32. Up to eight neighbours are generated with it where they are missing. Thread: the runtime's.
 * Errors: INVALID_HANDLE, LIMIT (4,096 tiles of a surface).
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_want_tile(diffusion_runtime runtime, diffusion_surface surface, int32_t x, int32_t y);

/*
 * Since 0.4.0. Lets a tile go, when it is far: its texture's handle ends, and another tile takes the texture over. A
 * loan that was not given back counts as read until now: release loans first. One that is not wanted: nothing
 * happens. Thread: the runtime's. Errors: INVALID_HANDLE.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_release_tile(diffusion_runtime runtime, diffusion_surface surface, int32_t x, int32_t y);

/*
 * Since 0.4.0. Once a frame, before diffusion_tick: takes note of tiles that are finished and begins the next, whose
 * work ticks do. Returns NOT_READY while a wanted tile is still to be finished. When a tile begins it reads its
 * neighbours back, for which it waits for the device, and allocates. Thread: the runtime's.
 * Errors: INVALID_HANDLE, DEVICE_LOST, VULKAN. A tile that fails fails alone, with those that need it.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL
diffusion_update_surface(diffusion_runtime runtime, diffusion_surface surface);

/*
 * Since 0.4.0. A tile as it stands. Its texture shows nothing of the tile that had it before: until its own noise is
 * drawn, diffusion_get_latest and diffusion_read_pixels return NOT_READY. Thread: the runtime's.
 * Errors: INVALID_HANDLE.
 */
DIFFUSION_API diffusion_result DIFFUSION_CALL diffusion_get_tile(
    diffusion_runtime runtime, diffusion_surface surface, int32_t x, int32_t y, diffusion_tile *tile);

/* -- end of declarations -- */

#ifdef __cplusplus
}
#endif

#endif
