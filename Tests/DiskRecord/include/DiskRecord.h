#pragma once
// What a program did to the files below one folder, as `DiskRecorder` wrote it down. `SimulatedDisk`
// makes of it what a power loss could have left.
//
// The log begins with its length, a `uint64_t` that counts itself. What lies behind that length is
// of a record that a kill cut off, and is written over by the next. Before it are the records, in
// the order in which they took effect:
//
//     struct disk_record, then `path_length` bytes of a path relative to the folder, then
//     `data_length` bytes of what was written.
//
// Each call and its record are made under an exclusive `flock` of the log.

#include <stdint.h>

enum disk_record_kind {
    DISK_OPEN = 1,         // path, file: was opened, and made where it was missing
    DISK_WRITE = 2,        // file, offset, data
    DISK_RESIZE = 3,       // file, offset: its new length
    DISK_PUNCH = 4,        // file, offset, length: reads as zeros
    DISK_SYNC_BEGIN = 5,   // path, file, or 0 for the whole filesystem; offset, length: the ticket
    DISK_SYNC_END = 6,     // offset, length: the ticket of a sync that succeeded
    DISK_UNLINK = 7,       // path
    DISK_RENAME = 8,       // path: from, a zero byte, to
    DISK_MAKE_FOLDER = 9,  // path
    DISK_REMOVE_FOLDER = 10,
};

struct disk_record {
    uint32_t kind;
    uint32_t path_length;
    uint64_t file;
    int64_t offset;
    int64_t length;
    uint64_t data_length;
};

/// `fallocate` that punches a hole and keeps the length: zero where it succeeds.
int disk_punch(int descriptor, int64_t offset, int64_t length);

/// Waits until no program is between a call and its record, and keeps it so until the log's
/// descriptor is closed: zero where it succeeds.
int disk_log_hold(int descriptor);
