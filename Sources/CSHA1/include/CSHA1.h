#pragma once

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for SHA-1, as `swarmfs_sha1_two` needs.
int swarmfs_has_sha1_instructions(void);

/// The SHA-1 digests, 20 bytes each, of two inputs of the same length, a multiple of 64 bytes.
void swarmfs_sha1_two(
    const void *first, const void *second, size_t length, uint8_t *first_digest,
    uint8_t *second_digest);
