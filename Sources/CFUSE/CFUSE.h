#pragma once
// libfuse 3.14's low-level interface. The version is the newest that Debian 12 has.
#define FUSE_USE_VERSION 314
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <fuse3/fuse_opt.h>
#include <linux/fuse.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Where libfuse's own messages go, each formatted; defined by FUSEBridge.
void swarmfs_fuse_message(int level, const char *text);

static inline void swarmfs_fuse_log(
    enum fuse_log_level level, const char *format, va_list arguments) {
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    swarmfs_fuse_message((int)level, text);
}

/// Sends libfuse's messages to `swarmfs_fuse_message`; Swift cannot write a `va_list` callback.
static inline void swarmfs_route_fuse_log(void) {
    fuse_set_log_func(swarmfs_fuse_log);
}

/// Whether a thread in this system call reads a file, so that EINTR is an answer it knows; the
/// numbers differ between machines.
static inline int swarmfs_is_read_call(long number) {
    switch (number) {
    case SYS_read:
    case SYS_pread64:
    case SYS_readv:
    case SYS_preadv:
    case SYS_preadv2:
    case SYS_sendfile:
    case SYS_splice:
    case SYS_copy_file_range:
    case SYS_io_submit:
    case SYS_io_uring_enter:
        return 1;
    default:
        return 0;
    }
}

/// Whether open flags ask for direct reads; `O_DIRECT` itself needs `_GNU_SOURCE`.
static inline int swarmfs_is_direct(int flags) {
    return (flags & __O_DIRECT) != 0;
}

// Passthrough came with Linux 6.9 (FUSE 7.40), which the <linux/fuse.h> of Debian 12 predates. Names
// of our own, as newer headers have the kernel's.

enum {
    /// FUSE_PASSTHROUGH, bit 37 of INIT's flags, as `flags2` has it.
    SWARMFS_INIT_PASSTHROUGH = 1 << 5,
    /// FOPEN_PASSTHROUGH.
    SWARMFS_OPEN_PASSTHROUGH = 1 << 7,
    /// FOPEN_NOFLUSH.
    SWARMFS_OPEN_NOFLUSH = 1 << 5,
};

/// `struct fuse_init_out` as of FUSE 7.40.
struct swarmfs_init_out {
    uint32_t major, minor, max_readahead, flags;
    uint16_t max_background, congestion_threshold;
    uint32_t max_write, time_gran;
    uint16_t max_pages, map_alignment;
    uint32_t flags2, max_stack_depth;
    uint16_t unused[12];
};
_Static_assert(
    sizeof(struct swarmfs_init_out) == sizeof(struct fuse_init_out), "INIT's answer keeps its size");

/// `struct fuse_open_out` as of FUSE 7.40.
struct swarmfs_open_out {
    uint64_t handle;
    uint32_t flags;
    int32_t backing;
};

/// `struct fuse_backing_map`.
struct swarmfs_backing_map {
    int32_t descriptor;
    uint32_t flags;
    uint64_t padding;
};

/// FUSE_DEV_IOC_BACKING_OPEN: the number by which the kernel knows `file` from now on; -1 and `errno`
/// where it does not take it.
static inline int swarmfs_open_backing(int device, int file) {
    struct swarmfs_backing_map map = {.descriptor = file};
    return ioctl(device, _IOW(229, 1, struct swarmfs_backing_map), &map);
}

/// FUSE_DEV_IOC_BACKING_CLOSE.
static inline int swarmfs_close_backing(int device, int backing) {
    uint32_t number = (uint32_t)backing;
    return ioctl(device, _IOW(229, 2, uint32_t), &number);
}

/// An empty file in memory, to try things with; -1 and `errno` where there is none to be had.
static inline int swarmfs_memory_file(void) {
    const unsigned int close_on_exec = 1;
    return (int)syscall(SYS_memfd_create, "swarmfs", close_on_exec);
}

/// Makes an open file's reads direct; -1 where its filesystem has none.
static inline int swarmfs_make_direct(int file) {
    return fcntl(file, F_SETFL, __O_DIRECT);
}
