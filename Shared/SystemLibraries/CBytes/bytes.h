// What Swift has no words for: a mask with a bit for each of sixteen bytes, and a prefetch.
#pragma once
#include <stdint.h>

typedef struct {
    /// '"', '\', below 0x20, or not ASCII: what a JSON text does not simply hold.
    uint32_t special;
    /// '/', '%' and 0x7F, which a name may not hold as it stands in a path.
    uint32_t odd;
} antiphase_marks;

/// Has the cache line of that byte read, and waits for nothing; any address will do.
static inline void antiphase_prefetch(const void *byte) { __builtin_prefetch(byte); }

#if defined(__SSE2__)
#include <emmintrin.h>

static inline antiphase_marks antiphase_mark16(const uint8_t *bytes) {
    __m128i text = _mm_loadu_si128((const __m128i *)bytes);
    // As signed numbers, control characters and what is not ASCII are both below 0x20.
    __m128i special = _mm_or_si128(
        _mm_cmplt_epi8(text, _mm_set1_epi8(0x20)),
        _mm_or_si128(
            _mm_cmpeq_epi8(text, _mm_set1_epi8('"')), _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'))));
    __m128i odd = _mm_or_si128(
        _mm_cmpeq_epi8(text, _mm_set1_epi8(0x7F)),
        _mm_or_si128(
            _mm_cmpeq_epi8(text, _mm_set1_epi8('/')), _mm_cmpeq_epi8(text, _mm_set1_epi8('%'))));
    antiphase_marks marks = {
        (uint32_t)_mm_movemask_epi8(special), (uint32_t)_mm_movemask_epi8(odd)};
    return marks;
}
#else
static inline antiphase_marks antiphase_mark16(const uint8_t *bytes) {
    antiphase_marks marks = {0, 0};
    for (int i = 0; i < 16; i++) {
        uint8_t byte = bytes[i];
        marks.special |= (uint32_t)(byte < 0x20 || byte > 0x7F || byte == '"' || byte == '\\') << i;
        marks.odd |= (uint32_t)(byte == '/' || byte == '%' || byte == 0x7F) << i;
    }
    return marks;
}
#endif
