#ifndef NEEDLETAIL_CRE2_H
#define NEEDLETAIL_CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RE2 behind a plain C interface: what a regular expression from a configuration needs, and no more. */

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled expression. Any number of threads may match with one at the same time. */
typedef struct cre2_expression cre2_expression;

/* Compiles a pattern of `length` bytes, which must be UTF-8; NUL bytes count like others.
   Returns NULL when RE2 refuses it, with RE2's reason in `message`: NUL-terminated, cut to `capacity` bytes.
   `memory_limit` bounds the compiled program together with the states it caches while matching. */
cre2_expression *cre2_compile(
    const char *pattern, size_t length, int64_t memory_limit, char *message, size_t capacity);

/* Whether the expression matches anywhere in the text. `text` may be NULL when `length` is 0. */
bool cre2_matches(const cre2_expression *expression, const uint8_t *text, size_t length);

/* Ends the life of an expression; NULL is taken and ignored. */
void cre2_free(cre2_expression *expression);

#ifdef __cplusplus
}
#endif

#endif
