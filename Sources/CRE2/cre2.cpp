// No exception leaves this file: Swift's frames above cannot be unwound.
#include "cre2.h"

#include <exception>
#include <memory>
#include <re2/re2.h>

struct cre2_expression {
    cre2_expression(re2::StringPiece pattern, const RE2::Options &options) : compiled(pattern, options) {}

    const RE2 compiled;
};

static void say(char *message, size_t capacity, const char *text) {
    if (capacity == 0) return;
    size_t length = 0;
    while (length + 1 < capacity && text[length] != '\0') {
        message[length] = text[length];
        length++;
    }
    message[length] = '\0';
}

cre2_expression *cre2_compile(
    const char *pattern, size_t length, int64_t memory_limit, char *message, size_t capacity) {
    try {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(memory_limit);
        // Only whether there is a match is asked, never where: groups need not be remembered.
        options.set_never_capture(true);
        auto expression = std::make_unique<cre2_expression>(re2::StringPiece(pattern, length), options);
        if (!expression->compiled.ok()) {
            say(message, capacity, expression->compiled.error().c_str());
            return nullptr;
        }
        return expression.release();
    } catch (const std::exception &error) {
        say(message, capacity, error.what());
    } catch (...) {
        say(message, capacity, "unknown failure");
    }
    return nullptr;
}

bool cre2_matches(const cre2_expression *expression, const uint8_t *text, size_t length) {
    try {
        const re2::StringPiece piece(reinterpret_cast<const char *>(text), length);
        return expression->compiled.Match(piece, 0, length, RE2::UNANCHORED, nullptr, 0);
    } catch (...) {
        // Memory for the cache of states ran out: no answer, hence no match.
        return false;
    }
}

void cre2_free(cre2_expression *expression) { delete expression; }
