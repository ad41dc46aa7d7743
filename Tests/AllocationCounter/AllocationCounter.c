/* glibc lets a program define the allocation functions itself and keeps its own under __libc names. */
#include "AllocationCounter.h"

#include <errno.h>
#include <malloc.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

static struct allocation_counts counts;

static void *counted(void *block) {
    if (block == NULL) return NULL;
    counts.allocations++;
    counts.live_bytes += malloc_usable_size(block);
    if (counts.live_bytes > counts.peak_bytes) counts.peak_bytes = counts.live_bytes;
    return block;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

void *realloc(void *block, size_t size) {
    size_t before = block == NULL ? 0 : malloc_usable_size(block);
    void *moved = __libc_realloc(block, size);
    if (moved != NULL || size == 0) counts.live_bytes -= before;
    return counted(moved);
}

void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = counted(__libc_memalign(alignment, size));
    return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
    if (block != NULL) counts.live_bytes -= malloc_usable_size(block);
    __libc_free(block);
}

struct allocation_counts allocation_counts_now(void) { return counts; }

void allocation_counts_reset_peak(void) { counts.peak_bytes = counts.live_bytes; }
