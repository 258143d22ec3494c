// A library for LD_PRELOAD: writes down what the program does to the files below one folder.
//
// SWARMFS_RECORD_ROOT  the folder; its path as the kernel names it, without links
// SWARMFS_RECORD_LOG   where the log, see DiskRecord.h, is appended to
//
// Makes the disk fail as well, where it is told to:
//
// SWARMFS_FAIL_PART    writes and syncs of files whose paths hold this end with EIO,
// SWARMFS_FAIL_EVERY   each so many of them, and syncs of the whole filesystem,
// SWARMFS_FAIL_WHEN    while this file is there
// SWARMFS_FAIL_HANGS   if set, they do not end at all instead
#define _GNU_SOURCE
#include "DiskRecord.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

// The calls that are looked at, as the C library has them.
#define REAL(name) static __typeof__(&name) real_##name
REAL(open);
REAL(openat);
REAL(write);
REAL(pwrite);
REAL(pwritev);
REAL(ftruncate);
REAL(fallocate);
REAL(fsync);
REAL(fdatasync);
REAL(syncfs);
REAL(rename);
REAL(renameat);
REAL(unlink);
REAL(unlinkat);
REAL(mkdir);
REAL(mkdirat);
REAL(rmdir);
REAL(copy_file_range);

static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1;
static atomic_int next_ticket;
static const char *fail_part, *fail_when;
static unsigned long fail_every;
static int fail_hangs;
static atomic_ulong fail_count;
/// Held over each call and its record, so that the log's order is the order of effect: among the
/// threads by this, among processes by the log file's lock.
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void start(void) {
#define FIND(name) real_##name = (__typeof__(real_##name))dlsym(RTLD_NEXT, #name)
    FIND(open);
    FIND(openat);
    FIND(write);
    FIND(pwrite);
    FIND(pwritev);
    FIND(ftruncate);
    FIND(fallocate);
    FIND(fsync);
    FIND(fdatasync);
    FIND(syncfs);
    FIND(rename);
    FIND(renameat);
    FIND(unlink);
    FIND(unlinkat);
    FIND(mkdir);
    FIND(mkdirat);
    FIND(rmdir);
    FIND(copy_file_range);
    const char *folder = getenv("SWARMFS_RECORD_ROOT");
    const char *log = getenv("SWARMFS_RECORD_LOG");
    if (!folder || !log || strlen(folder) >= sizeof root) return;
    root_length = strlen(strcpy(root, folder));
    log_file = real_open(log, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const char *every = getenv("SWARMFS_FAIL_EVERY");
    fail_every = every ? strtoul(every, NULL, 10) : 0;
    fail_part = getenv("SWARMFS_FAIL_PART");
    fail_when = getenv("SWARMFS_FAIL_WHEN");
    fail_hangs = getenv("SWARMFS_FAIL_HANGS") != NULL;
}

static void lock(void) {
    pthread_mutex_lock(&order);
    if (log_file >= 0) flock(log_file, LOCK_EX);
}

static void unlock(void) {
    int code = errno;
    if (log_file >= 0) flock(log_file, LOCK_UN);
    pthread_mutex_unlock(&order);
    errno = code;
}

/// The part below the folder of a path that the kernel gave; null where it is elsewhere, and for
/// SQLite's shared memory, which no crash outlives.
static const char *below(const char *path) {
    if (log_file < 0 || strncmp(path, root, root_length) != 0) return NULL;
    if (path[root_length] == 0) return "";
    if (path[root_length] != '/') return NULL;
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return NULL;
    return path + root_length + 1;
}

/// Where a descriptor's file lies; the buffer holds the text.
static const char *place(int descriptor, char *buffer) {
    if (log_file < 0) return NULL;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    if (length <= 0) return NULL;
    buffer[length] = 0;
    return below(buffer);
}

/// Whether a write or a sync is to fail; `errno` says so then. Does not return where it is to hang.
static int fails(int descriptor, int is_whole) {
    char buffer[PATH_MAX];
    if (!fail_every || !fail_part || !fail_when || access(fail_when, F_OK) != 0) return 0;
    const char *path = place(descriptor, buffer);
    if (!path || (!is_whole && !strstr(path, fail_part))) return 0;
    if (++fail_count % fail_every) return 0;
    while (fail_hangs) pause();
    errno = EIO;
    return 1;
}

/// Where a path relative to a folder's descriptor lies, likewise.
static const char *place_at(int folder, const char *path, char *buffer) {
    if (log_file < 0) return NULL;
    if (path[0] == '/') return below(path);
    char base[PATH_MAX];
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return NULL;
    } else {
        char link[32];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length <= 0) return NULL;
        base[length] = 0;
    }
    if ((size_t)snprintf(buffer, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return NULL;
    return below(buffer);
}

static uint64_t number(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

/// Writes to the log; one that cannot be written is none, so that ends the program.
static void put(const void *bytes, size_t count, uint64_t *place) {
    if (real_pwrite(log_file, bytes, count, (off_t)*place) != (ssize_t)count) abort();
    *place += count;
}

/// Adds one record. It counts when all of it is there, whenever the program is killed.
static void record(
    enum disk_record_kind kind, uint64_t file, int64_t offset, int64_t length, const char *path,
    size_t path_length, const struct iovec *data, int count, size_t data_length) {
    struct disk_record head = {
        .kind = kind, .path_length = (uint32_t)path_length, .file = file, .offset = offset,
        .length = length, .data_length = data_length};
    uint64_t end, start = 0;
    if (pread(log_file, &end, sizeof end, 0) != sizeof end) end = sizeof end;
    put(&head, sizeof head, &end);
    if (path_length > 0) put(path, path_length, &end);
    size_t left = data_length;
    for (int index = 0; index < count && left > 0; index++) {
        size_t part = data[index].iov_len < left ? data[index].iov_len : left;
        put(data[index].iov_base, part, &end);
        left -= part;
    }
    put(&end, sizeof end, &start);
}

static void record_path(enum disk_record_kind kind, const char *path) {
    record(kind, 0, 0, 0, path, strlen(path), NULL, 0, 0);
}

// MARK: Opening

static int opened(int descriptor, int flags) {
    char buffer[PATH_MAX];
    if (descriptor < 0 || log_file < 0) return descriptor;
    const char *path = place(descriptor, buffer);
    struct stat status;
    if (path && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        record(
            DISK_OPEN, (uint64_t)status.st_ino, 0, 0, path, strlen(path), NULL, 0, 0);
        if (flags & O_TRUNC)
            record(DISK_RESIZE, (uint64_t)status.st_ino, 0, 0, NULL, 0, NULL, 0, 0);
    }
    return descriptor;
}

#define MODE(flags)                                    \
    mode_t mode = 0;                                   \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {           \
        va_list list;                                  \
        va_start(list, flags);                         \
        mode = (mode_t)va_arg(list, int);              \
        va_end(list);                                  \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    lock();
    int result = opened(real_open(path, flags, mode), flags);
    unlock();
    return result;
}

int openat(int folder, const char *path, int flags, ...) {
    MODE(flags)
    lock();
    int result = opened(real_openat(folder, path, flags, mode), flags);
    unlock();
    return result;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));

// MARK: Contents

static ssize_t wrote(
    int descriptor, int64_t offset, const struct iovec *parts, int count, ssize_t done) {
    char buffer[PATH_MAX];
    const char *path = done > 0 ? place(descriptor, buffer) : NULL;
    if (path)
        record(
            DISK_WRITE, number(descriptor), offset, 0, NULL, 0, parts, count, (size_t)done);
    return done;
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    if (fails(descriptor, 0)) return -1;
    lock();
    ssize_t done = real_write(descriptor, bytes, count);
    // Where the file's position stands now is the end of what was written, appended or not.
    int64_t offset = done > 0 && log_file >= 0 ? lseek(descriptor, 0, SEEK_CUR) - done : -1;
    struct iovec part = {(void *)(uintptr_t)bytes, count};
    if (offset >= 0) wrote(descriptor, offset, &part, 1, done);
    unlock();
    return done;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    if (fails(descriptor, 0)) return -1;
    lock();
    struct iovec part = {(void *)(uintptr_t)bytes, count};
    ssize_t done =
        wrote(descriptor, offset, &part, 1, real_pwrite(descriptor, bytes, count, offset));
    unlock();
    return done;
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    if (fails(descriptor, 0)) return -1;
    lock();
    ssize_t done = wrote(
        descriptor, offset, parts, count, real_pwritev(descriptor, parts, count, offset));
    unlock();
    return done;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off_t offset)
    __attribute__((alias("pwrite")));
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t offset)
    __attribute__((alias("pwritev")));

ssize_t copy_file_range(
    int from, off_t *from_offset, int to, off_t *to_offset, size_t count, unsigned flags) {
    lock();
    int64_t start = to_offset ? *to_offset : lseek(to, 0, SEEK_CUR);
    ssize_t done = real_copy_file_range(from, from_offset, to, to_offset, count, flags);
    char *bytes = done > 0 ? malloc((size_t)done) : NULL;
    if (bytes && pread(to, bytes, (size_t)done, start) == done) {
        struct iovec part = {bytes, (size_t)done};
        wrote(to, start, &part, 1, done);
    }
    free(bytes);
    unlock();
    return done;
}

int ftruncate(int descriptor, off_t length) {
    char buffer[PATH_MAX];
    lock();
    int result = real_ftruncate(descriptor, length);
    if (result == 0 && place(descriptor, buffer))
        record(DISK_RESIZE, number(descriptor), length, 0, NULL, 0, NULL, 0, 0);
    unlock();
    return result;
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    char buffer[PATH_MAX];
    lock();
    int result = real_fallocate(descriptor, mode, offset, length);
    if (result == 0 && (mode & FALLOC_FL_PUNCH_HOLE) && place(descriptor, buffer))
        record(DISK_PUNCH, number(descriptor), offset, length, NULL, 0, NULL, 0, 0);
    unlock();
    return result;
}

int ftruncate64(int descriptor, off_t length) __attribute__((alias("ftruncate")));
int fallocate64(int descriptor, int mode, off_t offset, off_t length)
    __attribute__((alias("fallocate")));

// MARK: Syncing

/// What was written before the sync began lasts once it has ended; what is written meanwhile may
/// not. So nothing is locked while the disk works.
static int synced(int descriptor, int (*real)(int), int is_whole) {
    char buffer[PATH_MAX];
    int ticket = 0;
    if (fails(descriptor, is_whole)) return -1;
    lock();
    const char *path = place(descriptor, buffer);
    if (path) {
        ticket = ++next_ticket;
        record(
            DISK_SYNC_BEGIN, is_whole ? 0 : number(descriptor), getpid(), ticket, path,
            strlen(path), NULL, 0, 0);
    }
    unlock();
    int result = real(descriptor);
    if (ticket && result == 0) {
        lock();
        record(DISK_SYNC_END, 0, getpid(), ticket, NULL, 0, NULL, 0, 0);
        unlock();
    }
    return result;
}

int fsync(int descriptor) { return synced(descriptor, real_fsync, 0); }
int fdatasync(int descriptor) { return synced(descriptor, real_fdatasync, 0); }
int syncfs(int descriptor) { return synced(descriptor, real_syncfs, 1); }

// MARK: Names

static int named(int result, enum disk_record_kind kind, int folder, const char *path) {
    char buffer[PATH_MAX];
    const char *below_root = result == 0 ? place_at(folder, path, buffer) : NULL;
    if (below_root) record_path(kind, below_root);
    return result;
}

int unlink(const char *path) {
    lock();
    int result = named(real_unlink(path), DISK_UNLINK, AT_FDCWD, path);
    unlock();
    return result;
}

int unlinkat(int folder, const char *path, int flags) {
    lock();
    int result = named(
        real_unlinkat(folder, path, flags),
        flags & AT_REMOVEDIR ? DISK_REMOVE_FOLDER : DISK_UNLINK, folder, path);
    unlock();
    return result;
}

int mkdir(const char *path, mode_t mode) {
    lock();
    int result = named(real_mkdir(path, mode), DISK_MAKE_FOLDER, AT_FDCWD, path);
    unlock();
    return result;
}

int mkdirat(int folder, const char *path, mode_t mode) {
    lock();
    int result = named(real_mkdirat(folder, path, mode), DISK_MAKE_FOLDER, folder, path);
    unlock();
    return result;
}

int rmdir(const char *path) {
    lock();
    int result = named(real_rmdir(path), DISK_REMOVE_FOLDER, AT_FDCWD, path);
    unlock();
    return result;
}

static int renamed(int result, int old_folder, const char *old, int new_folder, const char *new) {
    char old_buffer[PATH_MAX], new_buffer[PATH_MAX], both[2 * PATH_MAX];
    if (result != 0) return result;
    const char *from = place_at(old_folder, old, old_buffer);
    const char *to = place_at(new_folder, new, new_buffer);
    if (from && to) {
        size_t length = strlen(from);
        memcpy(both, from, length + 1);
        strcpy(both + length + 1, to);
        record(DISK_RENAME, 0, 0, 0, both, length + 1 + strlen(to), NULL, 0, 0);
    }
    return result;
}

int rename(const char *old, const char *new) {
    lock();
    int result = renamed(real_rename(old, new), AT_FDCWD, old, AT_FDCWD, new);
    unlock();
    return result;
}

int renameat(int old_folder, const char *old, int new_folder, const char *new) {
    lock();
    int result = renamed(
        real_renameat(old_folder, old, new_folder, new), old_folder, old, new_folder, new);
    unlock();
    return result;
}
