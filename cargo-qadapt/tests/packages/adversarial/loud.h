/* What all these programs call: a function that allocates, one that does not, and the counter of calls of malloc, preloaded or linked in. */
#include <stdio.h>
#include <stdlib.h>

#define APART __attribute__((noinline, noclone))
#define HIDDEN __attribute__((used, visibility("hidden")))

long counted(void);
static volatile long sink;

APART long grow(long n) {
    long *volatile block = malloc(16 + (n & 7));
    block[0] = n;
    n = block[0] + 1;
    free(block);
    return n;
}
/* What assembly calls. */
HIDDEN long loud_target(long n) { return grow(n); }
HIDDEN long quiet_target(long n) { return n + 3; }
