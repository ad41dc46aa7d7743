import CGlibc

/// Settings of glibc's malloc for a process whose bodies and batches come and go by the hundred kilobytes.
package enum Allocator {
    /// Keeps blocks up to 32 MiB on the heap: by default each block over 128 KiB is mapped anew and given back at once, and
    /// its pages fault in again for every request. Two arenas: more would keep more freed memory each.
    package static func tune() {
        mallopt(M_MMAP_THRESHOLD, 32 << 20)
        mallopt(M_TRIM_THRESHOLD, 64 << 20)
        mallopt(M_ARENA_MAX, 4)
    }

    /// Gives freed memory back to the system.
    package static func trim() {
        malloc_trim(0)
    }
}
