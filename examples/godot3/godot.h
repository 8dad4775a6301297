/*
 * As much of Godot 3's GDNative as the shim needs, by its published binary interface: Debian ships no header. The core
 * interface 1.0 is a list of functions whose order is the same in all of Godot 3; later ones are linked behind it.
 */
#ifndef GODOT_H
#define GODOT_H

#include <stdbool.h>
#include <stdint.h>

#define GODOT_EXPORT __attribute__((visibility("default")))

/* Values of Godot's, of which only the size is known. */
typedef struct godot_variant {
    uint8_t opaque[24];
} godot_variant;
typedef struct godot_array {
    uint8_t opaque[8];
} godot_array;
typedef struct godot_string {
    uint8_t opaque[8];
} godot_string;
typedef struct godot_char_string {
    uint8_t opaque[8];
} godot_char_string;
typedef struct godot_bytes {
    uint8_t opaque[8];
} godot_bytes;
typedef struct godot_bytes_writer godot_bytes_writer;

typedef void (*godot_function)(void);

enum {
    GODOT_CORE = 0,
    GODOT_CORE_FUNCTIONS = 744
};

typedef struct godot_core {
    unsigned int type;
    unsigned int major;
    unsigned int minor;
    const void *next;
    unsigned int extension_count;
    const void **extensions;
    godot_function functions[GODOT_CORE_FUNCTIONS];
} godot_core;

typedef struct godot_init_options {
    bool in_editor;
    uint64_t core_hash;
    uint64_t editor_hash;
    uint64_t no_hash;
    godot_function report_version_mismatch;
    godot_function report_loading_error;
    void *library;
    const godot_core *core;
    const godot_string *library_path;
} godot_init_options;

/* Places in the list. */
enum {
    GODOT_BYTES_NEW = 155,
    GODOT_BYTES_RESIZE = 164,
    GODOT_BYTES_WRITE = 166,
    GODOT_BYTES_DESTROY = 170,
    GODOT_BYTES_WRITER_POINTER = 296,
    GODOT_BYTES_WRITER_DESTROY = 298,
    GODOT_ARRAY_GET = 333,
    GODOT_ARRAY_SIZE = 356,
    GODOT_VARIANT_NEW_INT = 512,
    GODOT_VARIANT_NEW_STRING = 514,
    GODOT_VARIANT_NEW_BYTES = 530,
    GODOT_VARIANT_AS_INT = 539,
    GODOT_VARIANT_AS_REAL = 540,
    GODOT_VARIANT_AS_STRING = 541,
    GODOT_VARIANT_DESTROY = 570,
    GODOT_CHAR_STRING_DATA = 572,
    GODOT_CHAR_STRING_DESTROY = 573,
    GODOT_STRING_UTF8 = 678,
    GODOT_STRING_FROM_UTF8 = 681,
    GODOT_STRING_DESTROY = 721
};

#endif
