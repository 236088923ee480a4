/* Counts what a program asks of C's allocator, in a way of its own: for LD_PRELOAD, in one thread. */
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void *__libc_valloc(size_t);
extern void *__libc_pvalloc(size_t);
extern void __libc_free(void *);

/* Allocations, reallocations, deallocations, requests that got nothing. */
static unsigned long counts[4];

void counter_begin(void) {
    for (int i = 0; i < 4; i++)
        counts[i] = 0;
}

void counter_read(unsigned long out[4]) {
    for (int i = 0; i < 4; i++)
        out[i] = counts[i];
}

static void *counted(int what, void *block) {
    counts[block ? what : 3]++;
    return block;
}

void *malloc(size_t size) { return counted(0, __libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(0, __libc_calloc(count, size)); }
void *memalign(size_t align, size_t size) { return counted(0, __libc_memalign(align, size)); }
void *aligned_alloc(size_t align, size_t size) { return counted(0, __libc_memalign(align, size)); }
void *valloc(size_t size) { return counted(0, __libc_valloc(size)); }
void *pvalloc(size_t size) { return counted(0, __libc_pvalloc(size)); }

int posix_memalign(void **place, size_t align, size_t size) {
    void *block = counted(0, __libc_memalign(align, size));
    if (!block)
        return ENOMEM;
    *place = block;
    return 0;
}

void free(void *block) {
    if (block)
        counts[2]++;
    __libc_free(block);
}

void *realloc(void *block, size_t size) {
    if (block && size == 0) {
        free(block);
        return NULL;
    }
    return counted(block ? 1 : 0, __libc_realloc(block, size));
}

void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, bytes);
}
