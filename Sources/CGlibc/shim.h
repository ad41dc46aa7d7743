// Parts of glibc that Swift's Glibc module leaves out.
#include <elf.h>
#include <malloc.h>
#include <stddef.h>

// What <link.h> has, which cannot be included here: it declares types of Swift's Glibc module a second time, and otherwise.

/// The first members of `struct dl_phdr_info`.
struct loaded_object {
    Elf64_Addr dlpi_addr;
    const char *dlpi_name;
    const Elf64_Phdr *dlpi_phdr;
    Elf64_Half dlpi_phnum;
};

int dl_iterate_phdr(int (*callback)(struct loaded_object *object, size_t size, void *data), void *data);
