#include "CLinux.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/uio.h>

int swarmfs_accept(int descriptor, struct sockaddr *address, socklen_t *length) {
    return accept4(descriptor, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int take_lease(int descriptor, int kind) {
    // Not SIGIO, which would end the process.
    fcntl(descriptor, F_SETSIG, SIGURG);
    if (fcntl(descriptor, F_SETLEASE, kind) != 0) return errno;
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return 0;
}

int swarmfs_is_exclusive(int descriptor) {
    return take_lease(descriptor, F_WRLCK);
}

int swarmfs_has_leases(int descriptor) {
    int error = take_lease(descriptor, F_RDLCK);
    return error == EAGAIN ? 0 : error;
}

int swarmfs_punch_hole(int descriptor, int64_t offset, int64_t length) {
    int result;
    do {
        result = fallocate(
            descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

int swarmfs_open_interface_events(void) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (descriptor < 0) return -1;
    struct sockaddr_nl address = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    if (bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0) return descriptor;
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

int swarmfs_take_room(int descriptor, int64_t length) {
    int result;
    do {
        result = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, length);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? 0 : errno;
}

ssize_t swarmfs_copy_range(
    int source, int64_t source_offset, int target, int64_t target_offset, size_t count) {
    off_t from = source_offset, to = target_offset;
    size_t done = 0;
    while (done < count) {
        ssize_t copied = copy_file_range(source, &from, target, &to, count - done, 0);
        if (copied < 0 && errno == EINTR) continue;
        if (copied < 0 && done == 0) return -1;
        if (copied <= 0) break;
        done += copied;
    }
    return done;
}

ssize_t swarmfs_read_resident(int descriptor, void *buffer, size_t count, int64_t offset) {
    struct iovec vector = {.iov_base = buffer, .iov_len = count};
    return preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT);
}

int swarmfs_receive_datagrams(
    int descriptor, struct swarmfs_datagram *datagrams, unsigned count, uint32_t capacity) {
    struct mmsghdr messages[SWARMFS_DATAGRAMS_PER_CALL];
    struct iovec vectors[SWARMFS_DATAGRAMS_PER_CALL];
    if (count > SWARMFS_DATAGRAMS_PER_CALL) count = SWARMFS_DATAGRAMS_PER_CALL;
    for (unsigned index = 0; index < count; index++) {
        struct swarmfs_datagram *datagram = &datagrams[index];
        vectors[index] = (struct iovec){.iov_base = datagram->bytes, .iov_len = capacity};
        messages[index] = (struct mmsghdr){
            .msg_hdr = {
                .msg_name = &datagram->address,
                .msg_namelen = sizeof datagram->address,
                .msg_iov = &vectors[index],
                .msg_iovlen = 1,
            }};
    }
    int received = recvmmsg(descriptor, messages, count, 0, NULL);
    for (int index = 0; index < received; index++) {
        int is_cut = messages[index].msg_hdr.msg_flags & MSG_TRUNC;
        datagrams[index].length = is_cut ? 0 : messages[index].msg_len;
        datagrams[index].address_length = messages[index].msg_hdr.msg_namelen;
    }
    return received;
}

int swarmfs_send_datagrams(
    int descriptor, struct swarmfs_datagram *datagrams, unsigned count) {
    struct mmsghdr messages[SWARMFS_DATAGRAMS_PER_CALL];
    struct iovec vectors[SWARMFS_DATAGRAMS_PER_CALL];
    if (count > SWARMFS_DATAGRAMS_PER_CALL) count = SWARMFS_DATAGRAMS_PER_CALL;
    for (unsigned index = 0; index < count; index++) {
        struct swarmfs_datagram *datagram = &datagrams[index];
        vectors[index] = (struct iovec){.iov_base = datagram->bytes, .iov_len = datagram->length};
        messages[index] = (struct mmsghdr){
            .msg_hdr = {
                .msg_name = &datagram->address,
                .msg_namelen = datagram->address_length,
                .msg_iov = &vectors[index],
                .msg_iovlen = 1,
            }};
    }
    return sendmmsg(descriptor, messages, count, MSG_NOSIGNAL);
}

int swarmfs_open_direct(int descriptor) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return open(path, O_WRONLY | O_CLOEXEC | O_DIRECT);
}
