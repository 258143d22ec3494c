#define _GNU_SOURCE
#include "DiskRecord.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/file.h>

int disk_punch(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int disk_log_hold(int descriptor) { return flock(descriptor, LOCK_EX); }
