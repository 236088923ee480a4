/* What the file has of code and tables is not what runs: the loader, or the program as it starts, has written to it. */

#include "loud.h"

APART long r_quiet_call(long n) { return quiet_target(n) * 3; }

#ifdef CODE
/* An address in an instruction: whether it is zero is not known. */
#define ASM(name, ...) \
    __asm__(".pushsection .text\n.type " #name ",@function\n.p2align 4\n" #name ":\n" __VA_ARGS__ "\n.size " #name ",.-" #name "\n.popsection"); \
    long name(long)
ASM(r_jump, "movabs $loud_target, %rax\ntest %rax, %rax\njne 1f\nlea 1(%rdi), %rax\nret\n1: jmp *%rax");
ASM(r_call, "movabs $loud_target, %rax\ncmp $5, %rax\nja loud_target\nlea 1(%rdi), %rax\nret");
ASM(r_import, "movabs $malloc, %rax\ntest %rax, %rax\njne loud_target\nlea 1(%rdi), %rax\nret");
#define REGIONS(of) of(quiet_call) of(jump) of(call) of(import)
#elif defined(CHOSEN)
/* A function that another one chooses as the program starts. */
static void *choose(void) { return (void *)loud_target; }
long chosen(long) __attribute__((ifunc("choose")));
long (*const pointer)(long) = chosen;
APART long r_call(long n) { return chosen(n) + 1; }
APART long r_last(long n) { return chosen(n); }
APART long r_pointer(long n) { return (*(long (*const volatile *)(long))&pointer)(n) + 1; }
#define REGIONS(of) of(quiet_call) of(call) of(last) of(pointer)
#else
/* The first content of a static, and functions in a table. */
HIDDEN long (*first)(long) = grow;
long (*const volatile table[2])(long) = {quiet_target, grow};
APART void set(long n) { if (n > 1000) first = quiet_target; }
APART long r_first(long n) { set(n); return first(n) + 1; }
APART long r_table(long n) { return table[n & 1](n) + 1; }
#define REGIONS(of) of(quiet_call) of(first) of(table)
#endif

static const struct { const char *name; long (*run)(long); } ALL[] = {
#define RUN(name) {"r_" #name, r_##name},
    REGIONS(RUN)
};

int main(void) {
    for (unsigned i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        long before = counted();
        for (long n = 0; n < 8; n++) sink += ALL[i].run(n);
        before = counted() - before;
        printf("%s %ld\n", ALL[i].name, before);
    }
    return 0;
}
