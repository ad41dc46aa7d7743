#include <zlib.h>

// zlib's init calls are macros that carry the header's version and the size of z_stream;
// Swift does not see macros with arguments, so each gets a function.

static inline int needletail_inflateInit2(z_stream *stream, int windowBits) {
    return inflateInit2(stream, windowBits);
}

static inline int needletail_deflateInit2(z_stream *stream, int level, int windowBits) {
    return deflateInit2(stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY);
}
