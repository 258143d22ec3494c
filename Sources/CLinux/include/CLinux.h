#pragma once
// The Linux interfaces that Glibc's Swift module leaves out.

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/// `epoll_event.data.u64`, which Swift sees only through a packed union.
static inline struct epoll_event swarmfs_epoll_event(uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return event;
}

static inline uint64_t swarmfs_epoll_token(const struct epoll_event *event) {
    return event->data.u64;
}

/// Writes a whole filesystem's dirty data out; declared here because <unistd.h> shows it to
/// `_GNU_SOURCE` only.
int syncfs(int descriptor);

/// `prctl(PR_SET_NAME)`: the calling thread's name; `prctl` is variadic.
static inline void swarmfs_set_thread_name(const char *name) {
    prctl(PR_SET_NAME, name);
}

/// `ioctl(FICLONE)`: makes a file share the other's blocks, as they are now (ioctl_ficlone(2)). Zero,
/// or -1 with `errno`.
static inline int swarmfs_clone_file(int target, int source) {
    return ioctl(target, FICLONE, source);
}

/// `accept4` with a non-blocking, close-on-exec result; a GNU extension.
int swarmfs_accept(int descriptor, struct sockaddr *address, socklen_t *length);

/// Zero where nobody has the file open but for this descriptor, by taking a write lease and giving
/// it back; otherwise an error number, EAGAIN where somebody has. `fcntl` is variadic, and leases are
/// a GNU extension. Whoever opens the file meanwhile waits some microseconds, and the signal that
/// tells of it is one that is ignored.
int swarmfs_is_exclusive(int descriptor);

/// Zero where the filesystem knows leases, with which `swarmfs_is_exclusive` works; otherwise an
/// error number.
int swarmfs_has_leases(int descriptor);

/// Gives a part of a file back to the disk, which reads as zeros from then on; zero, or an error
/// number. `fallocate` with FALLOC_FL_PUNCH_HOLE, a GNU extension.
int swarmfs_punch_hole(int descriptor, int64_t offset, int64_t length);

/// A non-blocking socket that gets a message whenever a network interface's link or address changes
/// (rtnetlink(7)); -1 and `errno` where there is none.
int swarmfs_open_interface_events(void);

/// Takes room on the disk for the first `length` bytes of a file and leaves its size as it is; zero, or
/// an error number. `fallocate` with FALLOC_FL_KEEP_SIZE, a GNU extension.
int swarmfs_take_room(int descriptor, int64_t length);

/// Copies a part of a file to another one without passing it through this process, and by sharing
/// blocks where the filesystem can (copy_file_range(2), a GNU extension). The number of bytes copied,
/// fewer where the source ends or an error comes in between; -1 with `errno` where none was.
ssize_t swarmfs_copy_range(
    int source, int64_t source_offset, int target, int64_t target_offset, size_t count);
/// Opens an open file once more, for writes past the page cache (`O_DIRECT`); -1 and `errno` where its
/// filesystem has none.
int swarmfs_open_direct(int descriptor);

/// `pread` of what the kernel's page cache holds: fewer bytes, or EAGAIN, where the rest would have
/// to wait for a disk, and EOPNOTSUPP where the filesystem cannot tell (preadv2(2), `RWF_NOWAIT`).
ssize_t swarmfs_read_resident(int descriptor, void *buffer, size_t count, int64_t offset);

/// One datagram of a batch: its bytes, and whom it is from or for.
struct swarmfs_datagram {
    void *bytes;
    uint32_t length;
    uint32_t address_length;
    struct sockaddr_storage address;
};

/// How many datagrams one call moves at most.
enum { SWARMFS_DATAGRAMS_PER_CALL = 64 };

/// `recvmmsg`: fills up to `count` datagrams of at most `capacity` bytes each; those that are longer
/// come back with a length of zero. Gives how many came, or -1 with `errno`.
int swarmfs_receive_datagrams(
    int descriptor, struct swarmfs_datagram *datagrams, unsigned count, uint32_t capacity);

/// `sendmmsg`: gives how many of `count` datagrams went, or -1 with the `errno` of the first.
int swarmfs_send_datagrams(
    int descriptor, struct swarmfs_datagram *datagrams, unsigned count);
