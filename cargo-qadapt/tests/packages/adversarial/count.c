/* Counts the calls of malloc: preloaded, or linked in with -Wl,--wrap=malloc. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
static long calls;
long counted(void) { return calls; }
#ifdef WRAP
void *__real_malloc(size_t);
void *__wrap_malloc(size_t size) { calls++; return __real_malloc(size); }
#else
void *malloc(size_t size) {
    static void *(*next)(size_t);
    if (!next) next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    calls++;
    return next(size);
}
#endif
