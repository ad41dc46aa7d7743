import CGlibc
import Glibc

/// What only starting needed: reading the configuration, checking it, setting up TLS. The system maps sixteen pages of the
/// executable for each one that is touched, so a third of an idle process would be code that never runs again.
package enum StartupMemory {
    /// Gives the pages of code and constants back to the system, and what malloc has free. What is still needed comes back
    /// from the page cache with the next use, a few hundred microseconds in all. To be called once when all is ready.
    package static func release() {
        // unsafe: glibc calls the closure while the list of loaded objects is locked, and it keeps nothing of it.
        unsafe dl_iterate_phdr(
            { info, _, _ in
                guard let info = unsafe info else { return 0 }
                let object = unsafe info.pointee
                // unsafe: the loader says how many headers there are.
                let headers = unsafe UnsafeBufferPointer(start: object.dlpi_phdr, count: Int(object.dlpi_phnum))
                for number in headers.indices {
                    let header = unsafe headers[number]
                    guard header.p_type == PT_LOAD, header.p_flags & UInt32(PF_W) == 0 else { continue }
                    unsafe StartupMemory.discard(UInt(object.dlpi_addr &+ header.p_vaddr), UInt(header.p_memsz))
                }
                return 0
            }, nil)
        Allocator.trim()
    }

    /// Segments that are never written stand in their file as they are in memory, so nothing is lost; those that are
    /// written, relocated pointers among them, must not come here.
    private static func discard(_ start: UInt, _ size: UInt) {
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let first = (start &+ page &- 1) & ~(page &- 1)
        let end = (start &+ size) & ~(page &- 1)
        guard end > first, let address = unsafe UnsafeMutableRawPointer(bitPattern: first) else { return }
        // unsafe: whole pages of a mapping that the loader made and that stays; when it fails they just stay.
        unsafe madvise(address, Int(end &- first), MADV_DONTNEED)
    }
}
