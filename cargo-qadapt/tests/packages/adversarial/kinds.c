/* Functions whose calls are hard to see, and their quiet twins. Each `r_` function is a region: `main` runs it on a few
 * inputs and prints how often it called malloc, as a preloaded or linked-in counter has it. */
#define _GNU_SOURCE
#include <alloca.h>
#include <poll.h>
#include <setjmp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef CONTEXTS
#include <ucontext.h>
#endif

#include "loud.h"

#define RARE __attribute__((cold, noinline))
#define REGION APART

static long cells[8];
static long program[16];

RARE static long grow_rarely(long n) { return grow(n) ^ grow(n + 1); }
APART static long add(long n) { return n + 1; }

/* A case that the compiler moves out of the function. */
REGION long r_cold_case(long n) {
    switch (n & 15) {
    case 0: return cells[0] + 1;
    case 1: return cells[1] * 5;
    case 2: cells[2]++; return cells[2];
    case 3: cells[3] = grow_rarely(n); return cells[3];
    case 4: return cells[4] ^ cells[0];
    case 5: cells[5] -= cells[1]; return 2;
    case 6: return cells[6] | cells[2];
    default: return -1;
    }
}
/* The same without a default: no bound is checked. */
REGION long r_cold_case_unbounded(long n) {
    switch (n & 7) {
    case 0: return cells[0] + 1;
    case 1: return cells[1] * 5;
    case 2: cells[2]++; return cells[2];
    case 3: cells[3] = grow_rarely(n); return cells[3];
    case 4: return cells[4] ^ cells[0];
    case 5: cells[5] -= cells[1]; return 2;
    case 6: cells[6] ^= grow_rarely(n); return 4;
    case 7: return cells[7] | cells[2];
    }
    __builtin_unreachable();
}
REGION long r_quiet_switch(long n) {
    switch (n & 7) {
    case 0: return cells[0] + 1;
    case 1: return cells[1] * 5;
    case 2: cells[2]++; return cells[2];
    case 3: cells[3] = add(n); return cells[3];
    case 4: return cells[4] ^ cells[0];
    case 5: cells[5] -= cells[1]; return 2;
    case 6: return cells[6] | cells[2];
    default: return -1;
    }
}
/* An unlikely branch. */
REGION long r_cold_branch(long n) {
    if (__builtin_expect(n == 5, 0)) return grow_rarely(n) + cells[1];
    return cells[n & 7];
}
/* Labels as values. */
REGION long r_labels(long n) {
    static const void *const labels[] = {&&up, &&down, &&more, &&end};
    const long *code = program;
    long value = n;
#define GO goto *labels[*code++ & 3]
    GO;
up: value += cells[1]; GO;
down: value -= 3; GO;
more: value ^= grow_rarely(value); GO;
end: return value;
}
/* The same in a table with gaps, of which a mask leaves more, and in one with other things between. */
REGION long r_labels_apart(long n) {
    static const void *const labels[] = {[0] = &&end, [1] = &&end, [5] = &&more};
    unsigned long i = n & 1 ? 5 : 0;
    __asm__("" : "+r"(i));
    goto *labels[i & 7];
more: return grow_rarely(n);
end: return n;
}
REGION long r_labels_between(long n) {
    static const struct { const void *label; const char *name; long length; } labels[] = {{&&end, "end", 1}, {&&more, "more", 2}};
    unsigned i = n & 1;
    __asm__("" : "+r"(i));
    if (i >= 2) return 9;
    goto *labels[i].label;
more: return grow_rarely(n);
end: return n;
}
/* Tables of which nothing checks the index: with other things between the labels, with gaps, of two dimensions, of distances. */
REGION long r_labels_unchecked(long n) {
    static const struct { const char *name; const void *label; long length; } labels[] = {{"end", &&end, 1}, {"x", 0, 0}, {"more", &&more, 2}};
    unsigned long i = n & 1 ? 2 : 0;
    __asm__("" : "+r"(i));
    goto *labels[i].label;
more: return grow_rarely(n);
end: return n;
}
REGION long r_labels_of_bytes(long n) {
    static const void *const labels[256] = {[1] = &&end, [0] = &&end, [200] = &&more};
    unsigned char i = n & 1 ? 200 : 1;
    __asm__("" : "+r"(i));
    goto *labels[i];
more: return grow_rarely(n);
end: return n;
}
REGION long r_labels_squared(long n) {
    static const void *const labels[4][4] = {{&&end, &&end}, {&&end}, {0, 0, &&more}};
    unsigned long i = n & 1 ? 2 : 0;
    __asm__("" : "+r"(i));
    goto *labels[i][i];
more: return grow_rarely(n);
end: return n;
}
REGION long r_labels_near(long n) {
    static const int labels[] = {&&end - &&up, 1 << 30, &&more - &&up};
    unsigned long i = n & 1 ? 2 : 0;
    __asm__("" : "+r"(i));
    goto *(&&up + labels[i]);
up: return n + 1;
more: return grow(n);
end: return n;
}
/* A table of functions that call each other in tail position, and the first of them is the function itself. */
typedef long step(const long *code, long value);
step r_threaded, r_threaded_narrow;
static step threaded_more, threaded_end;
static step *const STEPS[] = {r_threaded, threaded_more, threaded_end, threaded_end};
REGION long r_threaded(const long *code, long value) { return STEPS[*code & 3](code + 1, value + 1); }
APART static long threaded_more(const long *code, long value) { return STEPS[*code & 3](code + 1, grow(value)); }
APART static long threaded_end(const long *code, long value) { (void)code; return value; }
static step *const NARROW[] = {r_threaded_narrow, threaded_more, threaded_end};
REGION long r_threaded_narrow(const long *code, long value) {
    unsigned next = (unsigned char)*code;
    if (next > 2) return value;
    return NARROW[next](code + 1, value + 1);
}
/* A table of functions that may be written to. */
static step *writable[2] = {threaded_end, threaded_end};
REGION long r_writable_table(long n) { return writable[n & 1](program, n); }
/* The function is chosen by a number, as a table of distances. */
REGION long r_chosen(long n) {
    long (*chosen)(long);
    switch (n & 7) {
    case 0: chosen = r_chosen; break;
    case 1: chosen = add; break;
    case 2: chosen = grow; break;
    case 3: chosen = r_quiet_switch; break;
    default: return n;
    }
    return chosen(n + 1);
}
/* Calls through a pointer: what retpolines replace. */
static long (*volatile hook)(long) = add;
REGION long r_hook(long n) { return hook(n) + 1; }
REGION long r_hook_last(long n) { return hook(n); }
REGION long r_hook_first(long n) { long value = hook(n); return value + grow(value); }
REGION long r_quiet_call(long n) { return add(n) * 3; }
/* Frames of all kinds. */
struct wide { long words[8]; } __attribute__((aligned(64)));
APART static void fill(struct wide *wide, long n) { for (int i = 0; i < 8; i++) wide->words[i] = n + i; }
REGION long r_quiet_aligned(long n) { struct wide wide; fill(&wide, n); return wide.words[n & 7]; }
APART static void touch(char *bytes, long n) { bytes[0] = (char)n; }
REGION long r_quiet_large(long n) { char bytes[70000]; touch(bytes, n); touch(bytes + 60000, n); return bytes[0]; }
REGION long r_quiet_alloca(long n) { char *bytes = alloca(16 + (n & 31)); touch(bytes, n); return bytes[0]; }
/* Jumps between frames. */
static jmp_buf point;
APART static void jump_back(long n) { if (n & 1) longjmp(point, 1); }
REGION long r_longjmp(long n) { if (setjmp(point)) return grow(n); jump_back(n); return n; }
#ifdef CONTEXTS
static ucontext_t here, there;
static char stack[1 << 16];
static void coroutine(void) { for (;;) { sink += grow(3); swapcontext(&there, &here); } }
REGION long r_swapcontext(long n) { swapcontext(&here, &there); return n; }
#endif
/* The end of a thread: where it is linked in, an abort that never comes follows. */
REGION void *r_thread_end(void *n) { sink += grow((long)n); pthread_exit(0); }
static long start_thread_end(long n) {
    pthread_t thread;
    long before = counted();
    pthread_create(&thread, 0, r_thread_end, (void *)n);
    pthread_join(thread, 0);
    return counted() - before;
}
/* Signals. */
static void handler(int signal) { sink += grow(signal); }
REGION long r_raise(long n) { raise(SIGUSR1); return n; }
REGION long r_syscall(long n) { syscall(SYS_tgkill, getpid(), (long)gettid(), SIGUSR1); return n; }
REGION long r_syscall_last(long n) { (void)n; return syscall(SYS_tgkill, getpid(), (long)gettid(), SIGUSR1); }
REGION long r_syscall_inline(long n) {
    long result, pid = getpid(), tid = gettid();
#ifdef __aarch64__
    register long number __asm__("x8") = SYS_tgkill, first __asm__("x0") = pid, second __asm__("x1") = tid;
    register long third __asm__("x2") = SIGUSR1;
    __asm__ volatile("svc #0" : "+r"(first) : "r"(number), "r"(second), "r"(third) : "memory");
    result = first;
#else
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_tgkill), "D"(pid), "S"(tid), "d"(SIGUSR1) : "rcx", "r11", "memory");
#endif
    return result + n;
}
/* One that has been waiting, in three ways; and a breakpoint, from which a handler comes back. */
static sigset_t waiting;
REGION long r_let_in(long n) { sigprocmask(SIG_UNBLOCK, &waiting, 0); return n; }
REGION long r_let_in_by_thread(long n) { pthread_sigmask(SIG_UNBLOCK, &waiting, 0); return n; }
/* Calls that let it in for as long as they wait; where the C library is linked in, they may ask the system through one function for all. */
static const struct timespec at_once;
REGION long r_suspended(long n) { sigset_t none; sigemptyset(&none); return sigsuspend(&none) + n; }
REGION long r_polled(long n) { sigset_t none; sigemptyset(&none); return ppoll(0, 0, &at_once, &none) + n; }
REGION long r_selected(long n) { sigset_t none; sigemptyset(&none); return pselect(0, 0, 0, 0, &at_once, &none) + n; }
REGION long r_let_in_by_number(long n) { return syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &waiting, 0, 8) + n; }
static void pass(int signal) { sink += signal; }
#ifndef __aarch64__
REGION long r_breakpoint(long n) { __asm__ volatile("int3"); return grow(n); }
#endif
REGION long r_quiet_syscall(long n) { return syscall(SYS_getppid) + n; }

/* Assembly: each is `long name(long n)` and calls `loud_target` in its own way for odd n. */
#define ASM(name, ...) \
    __asm__(".pushsection .text\n.globl " #name "\n.type " #name ",@function\n.p2align 4\n" #name ":\n" __VA_ARGS__ \
            "\n.size " #name ",.-" #name "\n.popsection"); \
    long name(long)
#ifdef __aarch64__
#include "kinds_aarch64.h"
#else
/* rsi: the target. */
#define CHOOSE "lea loud_target(%rip), %rsi\ntest $1, %dil\njne 1f\nlea quiet_target(%rip), %rsi\n1:\n"
ASM(a_push_return, CHOOSE "push %rsi\nret");
ASM(a_over_return, CHOOSE "call 2f\n3: pause\njmp 3b\n2: mov %rsi, (%rsp)\nret");
ASM(a_by_frame, CHOOSE "push %rbp\nmov %rsp, %rbp\nmov 8(%rbp), %rax\nmov %rsi, 8(%rbp)\npop %rbp\nmov (%rsp), %rsi\npush %rax\n"
                       "mov 8(%rsp), %rsi\nmov %rax, 8(%rsp)\nadd $8, %rsp\njmp *%rsi");
ASM(a_by_copy, CHOOSE "pop %rax\npush %rax\npush %rax\nmov %rsp, %rdx\nmov %rsi, (%rdx)\nret");
ASM(a_by_index, CHOOSE "push (%rsp)\nxor %ecx, %ecx\nmov %rsi, (%rsp,%rcx,8)\nret");
ASM(a_exchange, CHOOSE "push %rax\nxchg %rsi, (%rsp)\nret");
ASM(a_leave, CHOOSE "push %rbp\npush %rsi\npush %rbp\nmov %rsp, %rbp\nleave\nret\n"
            /* Back here with the caller's rbp on the stack. */);
ASM(a_other_stack, CHOOSE "mov %rsp, %rax\nlea spare+4096(%rip), %rsp\npush %rax\nlea 4f(%rip), %rdx\npush %rdx\npush %rsi\nret\n"
                          "4: pop %rsp\nret");
ASM(a_push_jump, CHOOSE "lea 5f(%rip), %rdx\nsub $8, %rsp\npush %rdx\njmp *%rsi\n5: add $8, %rsp\nret");
ASM(a_jump_memory, CHOOSE "push %rsi\nadd $8, %rsp\njmp *-8(%rsp)");
ASM(a_call_pop, CHOOSE "call 6f\n6: pop %rax\nlea 6b(%rip), %rdx\nsub %rdx, %rsi\nadd %rsi, %rax\njmp *%rax");
ASM(a_table, "mov %edi, %eax\nand $3, %eax\nlea 8f(%rip), %rdx\nmovslq (%rdx,%rax,4), %rax\nadd %rdx, %rax\njmp *%rax\n"
             "7: mov $1, %eax\nret\n.p2align 2\n8: .long 7b-8b, 7b-8b, loud_target-8b, 7b-8b");
ASM(a_table_checked, "cmp $3, %edi\nja 9f\nmov %edi, %eax\nlea 8f(%rip), %rdx\nmovslq (%rdx,%rax,4), %rax\nadd %rdx, %rax\n"
                     "jmp *%rax\n9: mov $1, %eax\nret\n.p2align 2\n8: .long 9b-8b, loud_target-8b, 9b-8b, 9b-8b");
/* A table in read-only memory. The functions end with a `ret` that nothing leads to, behind which there is padding: `9`. */
#define TABLE(...) "\n7: mov $1, %eax\nret\n6: jmp loud_target\n.p2align 4\nret\n9:\n.pushsection .rodata\n.p2align 2\n" __VA_ARGS__ "\n.popsection\n"
#define THROUGH(table, distance) "lea " table "(%rip), %rdx\nmovslq " distance "(%rdx,%rax,4), %rax\nadd %rdx, %rax\njmp *%rax"
/* The number 2 does not occur, and its entry leads behind the function. */
#define NOT_TWO "cmp $2, %edi\njne 1f\ninc %edi\n1: "
ASM(a_hole, NOT_TWO "movzbl %dil, %eax\n" THROUGH("8f", "")
            TABLE("8: .long 7b-8b, 7b-8b, 9b-8b, 6b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b, 0"));
ASM(a_hole_masked, NOT_TWO "mov %edi, %eax\nand $7, %eax\n" THROUGH("8f", "")
                   TABLE("8: .long 7b-8b, 7b-8b, 9b-8b, 6b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b"));
ASM(a_quiet_hole, NOT_TWO "mov %edi, %eax\nand $7, %eax\n" THROUGH("8f", "")
                  TABLE("8: .long 7b-8b, 7b-8b, 9b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b"));
/* Two tables side by side; entry 0 of the second lies in the first. */
ASM(a_biased, "movzbl %dil, %eax\n" THROUGH("8f", "") "\n1: imul $0, %rdi, %rax\nadd $3, %rax\n" THROUGH("5f", "-12")
              TABLE("8: .long 1b-8b, 1b-8b, 1b-8b, 1b-8b, 7b-8b, 6b-8b, 7b-8b, 7b-8b\n5: .long 7b-5b, 7b-5b, 7b-5b, 7b-5b, 0"));
/* What lies behind the first table leads, read as a part of it, to where the address of the second is already made. */
ASM(a_quiet_tables, "movzbl %dil, %eax\n" THROUGH("8f", "") "\n1: movzbl %dil, %ecx\nlea 5f(%rip), %rsi\n4: movslq (%rsi,%rcx,4), %rax\n"
                    "add %rsi, %rax\njmp *%rax\n.skip 23, 0x90\n2: mov $1, %eax\nret"
                    TABLE("8: .long 1b-8b, 1b-8b, 1b-8b, 1b-8b, 1b-8b, 1b-8b, 1b-8b, 1b-8b\n"
                          "5: .long 2b-5b, 2b-5b, 2b-5b, 2b-5b, 2b-5b, 2b-5b, 2b-5b, 2b-5b, 0"));
/* Indexes from -2 on. */
ASM(a_below, "lea -2(%rdi), %rax\n" THROUGH("8f", "8")
             TABLE("8: .long 7b-8b, 6b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b, 0"));
ASM(a_below_address, "lea -2(%rdi), %rax\nlea 8f(%rip), %rdx\njmp *16(%rdx,%rax,8)"
                     TABLE(".section .data.rel.ro,\"aw\"\n.p2align 3\n.quad 0\n8: .quad 7b, 6b, 7b, 7b, 7b, 7b, 7b, 7b, 0"));
/* Code that a compiler has moved out of functions writes to their stacks. */
ASM(OUTLINED_FUNCTION_90, "lea loud_target(%rip), %rax\nmov %rax, 8(%rsp)\nret");
ASM(a_outlined, "sub $24, %rsp\nlea quiet_target(%rip), %rax\nmov %rax, (%rsp)\ncall OUTLINED_FUNCTION_90\nmov (%rsp), %rax\n"
                "call *%rax\nadd $24, %rsp\nret");
ASM(a_takes_rbx, "lea loud_target(%rip), %rbx\nret");
ASM(a_uses_rbx, "push %rbx\nlea quiet_target(%rip), %rbx\ncall a_takes_rbx\ncall *%rbx\npop %rbx\nret");
ASM(a_cleans_frame, "push %rbx\nmov %rdi, %rbx\nand $-32, %rsp\nret");
/* The return address, or a register that is given back, is written over by an instruction that names no place, or somewhere from a
 * place on. What lies above it is where the function that was chosen so comes back to. */
#define OVER(name, ...) \
    ASM(a_in_##name, "lea loud_target(%rip), %rsi\n" __VA_ARGS__ "\nret"); \
    ASM(a_##name, "lea 9f(%rip), %rax\npush %rax\ncall a_in_" #name "\nadd $8, %rsp\n9: mov %rdi, %rax\nret")
OVER(over_string, "mov %rdi, %r9\nmov %rsp, %rdi\nmov %rsi, %rax\nstosq\nmov %r9, %rdi");
OVER(over_strings, "mov %rdi, %r9\nmov %rsp, %rdi\nmov %rsi, %rax\nmov $1, %ecx\nrep stosq\nmov %r9, %rdi");
OVER(over_move, "mov %rdi, %r9\nmov %rsi, -8(%rsp)\nmov %rsp, %rdi\nlea -8(%rsp), %rsi\nmovsq\nmov %r9, %rdi");
OVER(over_mask, "mov %rdi, %r9\nmov %rsp, %rdi\nmovq %rsi, %xmm0\npcmpeqd %xmm1, %xmm1\nmovq %xmm1, %xmm1\n"
                "maskmovdqu %xmm1, %xmm0\nmov %r9, %rdi");
OVER(over_enter, "mov %rbp, %rax\nmov %rsp, %rdx\nmov %rsi, %rbp\nlea 8(%rsp), %rsp\nenter $0, $0\nmov %rax, %rbp\nmov %rdx, %rsp");
OVER(over_pop, "push %rsi\npop (%rsp)");
OVER(over_push, "mov %rsi, spare(%rip)\nadd $8, %rsp\npushq spare(%rip)");
OVER(over_bits, "mov (%rsp), %rax\nxor %rsi, %rax\nxor %edx, %edx\n3: bt %rdx, %rax\njnc 2f\nbtc %rdx, (%rsp)\n"
                "2: inc %edx\ncmp $64, %edx\njne 3b");
#define SPOILS(name, ...) \
    ASM(a_in_##name, "push %rbx\nlea loud_target(%rip), %rax\n" __VA_ARGS__ "\npop %rbx\nret"); \
    ASM(a_##name, "push %rbx\nlea quiet_target(%rip), %rbx\ncall a_in_" #name "\ncall *%rbx\npop %rbx\nret")
SPOILS(spoils_string, "mov %rdi, %r9\nlea (%rsp), %rdi\nstosq\nmov %r9, %rdi");
SPOILS(spoils_array, "mov %rdi, %rcx\nimul $0, %rcx, %rcx\nmov %rax, (%rsp,%rcx,8)");
ASM(a_quiet_string, "push %rbx\nsub $32, %rsp\nmov %rdi, %rbx\nmov %rsp, %rdi\nmov $4, %ecx\nxor %eax, %eax\nrep stosq\n"
                    "mov %rbx, %rdi\nand $3, %edi\nmov %rbx, (%rsp,%rdi,8)\nmov %rbx, %rax\nadd $32, %rsp\npop %rbx\nret");
ASM(a_quiet_round, "mov %rsp, %rax\npush %rbx\nsub $96, %rsp\nand $-64, %rsp\nmov %rax, 64(%rsp)\nmov %rdi, %rbx\n"
                   "lea 1(%rbx), %rcx\nmov 64(%rsp), %rsi\nmov -8(%rsi), %rbx\nlea (%rsi), %rsp\nmov %rcx, %rax\nret");
ASM(a_quiet_pop, "pop %rdx\nlea 1(%rdi), %rax\npush %rdx\nret");
ASM(a_quiet_pop_jump, "pop %rdx\nlea 1(%rdi), %rax\njmp *%rdx");
ASM(a_quiet_thunk, "call 2f\n3: pause\njmp 3b\n2: lea 8(%rsp), %rsp\nlea 1(%rdi), %rax\nret");
/* Numbers: what seems never to be, and is. `HIDDEN` is a number that nobody follows. */
#define HIDDEN(number) "imul $0, %rdi, %rax\nadd $" #number ", %rax\n"
#define BACK "\n1: mov %rdi, %rax\nret"
ASM(a_number_half, HIDDEN(5) "movabs $0x100000000, %rcx\nor %rcx, %rax\ncmp $5, %eax\njne 1f\ncmp $5, %rax\njne loud_target" BACK);
ASM(a_number_sign, HIDDEN(-1) "cmp $5, %rax\njg 1f\ncmp $5, %rax\nja loud_target" BACK);
ASM(a_number_flags, "mov $5, %eax\nmov %rdi, %rcx\ncmp $5, %eax\nadd $1, %rcx\njne loud_target" BACK);
ASM(a_number_carry, "mov $4, %ecx\nmov $-1, %rax\nadd $1, %rax\ndec %ecx\njc loud_target" BACK);
ASM(a_number_call, "mov $1, %eax\nsub $8, %rsp\ncall quiet_target\nadd $8, %rsp\ncmp $1, %eax\njne loud_target" BACK);
ASM(a_number_loop, "xor %ecx, %ecx\nmov $100, %eax\n2: inc %ecx\ndec %eax\njne 2b\ncmp $20, %ecx\nja loud_target" BACK);
ASM(a_number_high, "mov $0x100, %eax\ncmp $1, %ah\nje loud_target" BACK);
ASM(a_number_part, "mov $0x1ff, %eax\nmov $0, %al\ncmp $0x100, %eax\nje loud_target" BACK);
ASM(a_number_word, "mov $0x10005, %eax\ncmp $5, %ax\nje loud_target" BACK);
ASM(a_number_move, "mov $-1, %rax\nxor %ecx, %ecx\ntest %rax, %rax\ncmove %ecx, %eax\ncmp $-1, %rax\njne loud_target" BACK);
ASM(a_number_shift, "mov $1, %eax\nmov $32, %ecx\nshl %cl, %eax\ncmp $1, %eax\nje loud_target" BACK);
ASM(a_number_set, "mov $0x100, %eax\ntest %edi, %edi\nsete %al\ncmp $0xff, %eax\nja loud_target" BACK);
ASM(a_number_address, "mov $0xffffffff, %ecx\nlea 1(%rcx), %eax\ncmp $0, %eax\nje loud_target" BACK);
ASM(a_number_below, "mov $3, %eax\nsub $5, %eax\njb loud_target" BACK);
ASM(a_number_either, "mov $1, %eax\ntest $1, %dil\nje 2f\nmov $3, %eax\n2: cmp $2, %eax\nja loud_target" BACK);
ASM(a_number_rounds, "mov $1, %ecx\nmov $5, %eax\ncmp $5, %eax\nloope 1f\njmp loud_target" BACK);
ASM(a_number_memory, "movl $1, -4(%rsp)\nlea -4(%rsp), %rdx\nmovl $2, (%rdx)\nmov -4(%rsp), %eax\ncmp $1, %eax\njne loud_target" BACK);
ASM(a_number_table, "mov $2, %eax\nlea 8f(%rip), %rdx\nmovslq (%rdx,%rax,4), %rax\nadd %rdx, %rax\njmp *%rax\n"
                    "7: mov $1, %eax\nret\n.p2align 2\n8: .long 7b-8b, 7b-8b, loud_target-8b, 7b-8b");
ASM(a_down, "test %rdi, %rdi\nje loud_target\nsub $1, %rdi\nsub $8, %rsp\ncall a_down\nadd $8, %rsp\nret");
ASM(a_mode, "cmp $2, %rdi\nje loud_target\nlea 1(%rdi), %rax\nret");
/* Where the loader puts the file, a branch that is taken for another number, and what a system call in a last place returns. */
ASM(a_number_base, "lea spare(%rip), %rax\ncmp $0x200000, %rax\nja loud_target" BACK);
ASM(a_number_half_base, "lea spare(%rip), %eax\ncmp $0x10000, %eax\nja loud_target" BACK);
ASM(a_number_pushed, "push $1\nmov %rsp, %rdx\nxor %edi, %edx\nxor %edi, %edx\nmov %rsp, %rcx\nmovabs $-4294967296, %rax\nand %rax, %rcx\nor %rcx, %rdx\nmovq $2, (%rdx)\npop %rax\ncmp $1, %eax\njne loud_target" BACK);
ASM(a_not_one, "cmp $1, %rdi\njne a_mode\nmov %rdi, %rax\nret");
ASM(a_last_number, "mov $7, %eax\nmov $39, %edi\njmp syscall@PLT");
ASM(a_number_last, "push %rdi\ncall a_last_number\npop %rdi\ncmp $7, %rax\njne loud_target" BACK);
ASM(a_kind, "xor %eax, %eax\ntest $1, %dil\nje 2f\nmov $3, %eax\n2: ret");
ASM(a_number_result, "push %rdi\ncall a_kind\npop %rdi\ncmp $3, %eax\nje loud_target" BACK);
ASM(a_quiet_result, "push %rdi\ncall a_kind\npop %rdi\ncmp $2, %eax\nje loud_target" BACK);
ASM(a_quiet_mask, "and $3, %edi\ncmp $3, %edi\nja loud_target" BACK);
ASM(a_quiet_range, "cmp $10, %rdi\nja 1f\ncmp $20, %rdi\nja loud_target" BACK);
ASM(a_quiet_set, "xor %eax, %eax\ntest %edi, %edi\nsete %al\ncmp $1, %eax\nja loud_target" BACK);
ASM(a_quiet_either, "mov $1, %eax\ntest $1, %dil\nje 2f\nmov $3, %eax\n2: cmp $2, %eax\nje loud_target" BACK);
char spare[8192] __attribute__((used, aligned(16), visibility("hidden")));

#define CALLS(kind) REGION long r_##kind(long n) { return a_##kind(n) + 1; }
CALLS(push_return) CALLS(over_return) CALLS(by_frame) CALLS(by_copy) CALLS(by_index) CALLS(exchange)
CALLS(other_stack) CALLS(push_jump) CALLS(jump_memory) CALLS(call_pop) CALLS(table) CALLS(table_checked) CALLS(uses_rbx)
CALLS(hole) CALLS(hole_masked) CALLS(quiet_hole) CALLS(biased) CALLS(quiet_tables) CALLS(below) CALLS(below_address) CALLS(outlined) CALLS(over_push)
CALLS(number_carry)
CALLS(quiet_round) CALLS(quiet_pop) CALLS(quiet_pop_jump) CALLS(quiet_thunk)
CALLS(number_half) CALLS(number_sign) CALLS(number_flags) CALLS(number_call) CALLS(number_loop) CALLS(number_high)
CALLS(number_part) CALLS(number_word) CALLS(number_move) CALLS(number_shift) CALLS(number_set) CALLS(number_address)
CALLS(number_below) CALLS(number_either) CALLS(number_rounds) CALLS(number_memory) CALLS(number_table) CALLS(number_result)
CALLS(number_base) CALLS(number_half_base) CALLS(number_pushed) CALLS(number_last)
CALLS(over_string) CALLS(over_strings) CALLS(over_move) CALLS(over_mask) CALLS(over_enter) CALLS(over_pop) CALLS(over_bits)
CALLS(spoils_string) CALLS(spoils_array) CALLS(quiet_string)
CALLS(quiet_result) CALLS(quiet_mask) CALLS(quiet_range) CALLS(quiet_set) CALLS(quiet_either)
REGION long r_number_down(long n) { return a_down(3) + n; }
REGION long r_number_mode(long n) { return a_mode(1) + a_mode(2) + n; }
REGION long r_number_not_one(long n) { return a_not_one(2) + n; }
#if defined(__clang__) && defined(__OPTIMIZE_SIZE__)
/* Clang passes these numbers through the stack (push, pop), where they are not followed: the region is said to allocate. */
#define RUN_MODE
#else
REGION long r_quiet_mode(long n) { return a_mode(1) + a_mode(3) + n; }
#define RUN_MODE RUN(quiet_mode)
#endif
/* Not run: they do not come back as they should. */
REGION long r_never_leave(long n) { return a_leave(n) + 1; }
REGION long r_never_cleans(long n) { return a_cleans_frame(n) + 1; }
#endif

static long start_threaded(long n) { return r_threaded(program, n); }
static long start_narrow(long n) { return r_threaded_narrow(program, n); }
static const struct { const char *name; long (*run)(long); } REGIONS[] = {
#define RUN(kind) {"r_" #kind, r_##kind},
    RUN(cold_case) RUN(cold_case_unbounded) RUN(quiet_switch) RUN(cold_branch) RUN(labels) RUN(labels_apart) RUN(labels_between) RUN(labels_unchecked) RUN(labels_of_bytes) RUN(labels_squared) RUN(labels_near) RUN(writable_table) RUN(chosen)
    RUN(hook) RUN(hook_last) RUN(hook_first) RUN(quiet_call) RUN(quiet_aligned) RUN(quiet_large) RUN(quiet_alloca)
    RUN(longjmp) RUN(raise) RUN(syscall) RUN(syscall_last) RUN(syscall_inline) RUN(quiet_syscall)
    RUN(let_in) RUN(let_in_by_thread) RUN(let_in_by_number) RUN(suspended) RUN(polled) RUN(selected)
#ifdef __aarch64__
    ASSEMBLY(RUN)
#else
    RUN(breakpoint)
    RUN(push_return) RUN(over_return) RUN(by_frame) RUN(by_copy) RUN(by_index) RUN(exchange) RUN(other_stack) RUN(push_jump)
    RUN(jump_memory) RUN(call_pop) RUN(table) RUN(table_checked) RUN(uses_rbx)
    RUN(hole) RUN(hole_masked) RUN(quiet_hole) RUN(biased) RUN(quiet_tables) RUN(below) RUN(below_address) RUN(outlined) RUN(over_push)
    RUN(number_carry)
    RUN(number_half) RUN(number_sign) RUN(number_flags) RUN(number_call) RUN(number_loop) RUN(number_high) RUN(number_part)
    RUN(number_word) RUN(number_move) RUN(number_shift) RUN(number_set) RUN(number_address) RUN(number_below)
    RUN(number_either) RUN(number_rounds) RUN(number_memory) RUN(number_table) RUN(number_result) RUN(number_down) RUN(number_mode)
    RUN(number_base) RUN(number_half_base) RUN(number_pushed) RUN(number_last) RUN(number_not_one)
    RUN(over_string) RUN(over_strings) RUN(over_move) RUN(over_mask) RUN(over_enter) RUN(over_pop) RUN(over_bits)
    RUN(spoils_string) RUN(spoils_array) RUN(quiet_string)
    RUN(quiet_result) RUN(quiet_mask) RUN(quiet_range) RUN(quiet_set) RUN(quiet_either) RUN_MODE
    RUN(quiet_round) RUN(quiet_pop) RUN(quiet_pop_jump) RUN(quiet_thunk)
#endif
#ifdef CONTEXTS
    RUN(swapcontext)
#endif
    {"r_thread_end", start_thread_end}, {"r_threaded", start_threaded}, {"r_threaded_narrow", start_narrow},
};

int main(int argc, char **argv) {
    (void)argv;
    for (int i = 0; i < 16; i++) program[i] = i < 14 ? i % 3 : 3;
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    signal(SIGTRAP, pass);
    sigemptyset(&waiting);
    sigaddset(&waiting, SIGUSR2);
    writable[1] = threaded_more;
#ifdef CONTEXTS
    getcontext(&there);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    makecontext(&there, coroutine, 0);
#endif
    static long counts[sizeof REGIONS / sizeof *REGIONS];
    for (unsigned i = 0; i < sizeof REGIONS / sizeof *REGIONS; i++) {
        for (long n = 0; n < 8; n++) {
            hook = n & argc ? grow : add;
            sigprocmask(SIG_BLOCK, &waiting, 0);
            raise(SIGUSR2);
            long before = counted();
            sink += REGIONS[i].run(n);
            counts[i] += counted() - before;
        }
    }
    for (unsigned i = 0; i < sizeof REGIONS / sizeof *REGIONS; i++) printf("%s %ld\n", REGIONS[i].name, counts[i]);
    return 0;
}
