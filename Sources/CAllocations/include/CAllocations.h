#pragma once
// Counts heap allocations. A program that links this gets its own malloc, calloc, realloc,
// posix_memalign, aligned_alloc and memalign, which count and hand on to glibc's; Swift's runtime
// allocates through these as well.

/// Allocations of the calling thread since it began; a `realloc` counts as one. Always zero where a
/// sanitizer has taken the allocator over.
long swarmfs_allocation_count(void);
