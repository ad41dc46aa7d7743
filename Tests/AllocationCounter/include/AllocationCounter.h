#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stddef.h>

/* Counts the heap allocations of a program that links this target: its malloc, calloc, realloc, aligned allocations and
   free stand in front of glibc's. One thread is counted at a time: the numbers are plain, not atomic. */
struct allocation_counts {
    /* Blocks handed out since the start, resized ones included. */
    size_t allocations;
    /* Bytes in use now, as usable sizes. */
    size_t live_bytes;
    /* The most bytes in use since the last reset. */
    size_t peak_bytes;
};

struct allocation_counts allocation_counts_now(void);

/* Makes the bytes in use now the peak. */
void allocation_counts_reset_peak(void);

#endif
