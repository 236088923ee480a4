/* Counts the calls of malloc: preloaded, or linked in with -Wl,--wrap=malloc. */
#include <stddef.h>
static long calls;
long counted(void) { return calls; }
#ifdef WRAP
void *__real_malloc(size_t);
void *__wrap_malloc(size_t size) { calls++; return __real_malloc(size); }
#else
void *__libc_malloc(size_t);
void *malloc(size_t size) { calls++; return __libc_malloc(size); }
#endif
