/* Function pointers in statics that a program chooses at run time, and their quiet twins: each `r_` function calls through its own
 * static, into which `s_` has put a function that allocates, by a way that is hard to see. For x86-64, with addresses of statics
 * from the global offset table (`-Wa,-mrelax-relocations=no -Wl,--no-relax`). */
#define _GNU_SOURCE
#include <string.h>

#include "loud.h"

#define STATIC(name, content) \
    ".pushsection .data\n.type hook_" name ",@object\n.p2align 3\n.skip 24\nhook_" name ": .quad " content \
    "\n.size hook_" name ",8\n.skip 24\n.popsection\n"
#define FUNCTION(name, ...) ".pushsection .text\n.type " name ",@function\n.p2align 4\n" name ":\n" __VA_ARGS__ "\n.size " name ",.-" name "\n.popsection\n"
/* Assembly that stores into the static; what is not told is for its helpers. */
#define HOOK(name, ...) HOOK_AND(name, "", __VA_ARGS__)
#define HOOK_AND(name, more, ...) \
    __asm__(STATIC(#name, "quiet_target") FUNCTION("s_" #name, __VA_ARGS__) FUNCTION("r_" #name, "sub $8, %rsp\ncall *hook_" #name "(%rip)\nadd $8, %rsp\nret") more); \
    long r_##name(long); void s_##name(long)
#define GOT(name, reg) "mov hook_" #name "@GOTPCREL(%rip), " reg "\n"
#define LOUD(reg) "lea loud_target(%rip), " reg "\n"

HOOK(quiet_store, "lea quiet_target(%rip), %rax\nmov %rax, hook_quiet_store(%rip)\nret");
HOOK(quiet_table, GOT(quiet_table, "%rcx") "lea quiet_target(%rip), %rax\nmov %rax, (%rcx)\nret");
HOOK(quiet_called, "push %rbx\n" GOT(quiet_called, "%rbx") "call leaf\nlea quiet_target(%rip), %rax\nmov %rax, (%rbx)\npop %rbx\nret");
HOOK(quiet_jumped, "and $1, %edi\n" GOT(quiet_jumped, "%rcx") "lea 8f(%rip), %rdx\nmovslq (%rdx,%rdi,4), %rdi\nadd %rdx, %rdi\njmp *%rdi\n"
                   "6: lea quiet_target(%rip), %rsi\nmov %rsi, (%rcx)\n7: ret\n"
                   ".pushsection .rodata\n.p2align 2\n8: .long 6b-8b, 7b-8b\n.popsection");
HOOK(store, LOUD("%rax") "mov %rax, hook_store(%rip)\nret");
HOOK(table, GOT(table, "%rcx") LOUD("%rax") "mov %rax, (%rcx)\nret");
/* Kept in a register that a call leaves alone, though it need not; or handed on in one that is no argument. */
__asm__(FUNCTION("leaf", "lea 1(%rdi), %rdi\nret") FUNCTION("over_leaf", "sub $8, %rsp\ncall leaf\nadd $8, %rsp\njmp leaf"));
HOOK(kept_rcx, GOT(kept_rcx, "%rcx") LOUD("%rsi") "call leaf\nmov %rsi, (%rcx)\nret");
HOOK(kept_rax, GOT(kept_rax, "%rax") LOUD("%rsi") "call leaf\nmov %rsi, (%rax)\nret");
HOOK(kept_r10, GOT(kept_r10, "%r10") LOUD("%rsi") "call leaf\nmov %rsi, (%r10)\nret");
HOOK(kept_deep, GOT(kept_deep, "%r9") LOUD("%rsi") "call over_leaf\nmov %rsi, (%r9)\nret");
HOOK_AND(chained, FUNCTION("in_r10", LOUD("%rdx") "mov %rdx, (%r10)\nret"), GOT(chained, "%r10") "call in_r10\nret");
HOOK_AND(tailed, FUNCTION("in_rax", LOUD("%rdx") "mov %rdx, (%rax)\nret"), GOT(tailed, "%rax") "jmp in_rax");
/* Over a jump through a table, a thunk, and a return that is none. */
#define SWITCHED(name, reg) \
    HOOK(name, "and $1, %edi\n" GOT(name, reg) "lea 8f(%rip), %rdx\nmovslq (%rdx,%rdi,4), %rcx\nadd %rdx, %rcx\njmp *%rcx\n" \
               "6: " LOUD("%rsi") "mov %rsi, (" reg ")\n7: ret\n.pushsection .rodata\n.p2align 2\n8: .long 6b-8b, 6b-8b\n.popsection")
SWITCHED(switched_rax, "%rax");
SWITCHED(switched_r10, "%r10");
__asm__(FUNCTION("thunk_rax", "call 1f\n2: pause\nlfence\njmp 2b\n1: mov %rax, (%rsp)\nret")
        FUNCTION("store_at", LOUD("%rdx") "mov %rdx, (%rdi)\nret")
        ".pushsection .data.rel.ro,\"aw\"\n.p2align 3\nstores_at: .quad store_at\n.popsection");
HOOK(thunk, "sub $8, %rsp\n" GOT(thunk, "%rdi") "mov stores_at(%rip), %rax\ncall thunk_rax\nadd $8, %rsp\nret");
HOOK(thunk_last, GOT(thunk_last, "%rdi") "mov stores_at(%rip), %rax\njmp thunk_rax");
HOOK(thunk_inline, GOT(thunk_inline, "%rdi") "mov stores_at(%rip), %rax\ncall 1f\n2: pause\nlfence\njmp 2b\n1: mov %rax, (%rsp)\nret");
HOOK(pushed, GOT(pushed, "%rdi") "mov stores_at(%rip), %rax\npush %rax\nret");
HOOK(pushed_inside, GOT(pushed_inside, "%rcx") "lea 1f(%rip), %rax\npush %rax\nret\n1: " LOUD("%rax") "mov %rax, (%rcx)\nret");
HOOK(called_inside, "push %rbx\n" GOT(called_inside, "%rbx") LOUD("%rax") "call 1f\npop %rbx\nret\n1: mov %rax, (%rbx)\nret");
/* Behind data in code, so that instructions are not where they seem to be. */
HOOK(behind_data, LOUD("%rcx") "jmp 1f\n.byte 0x48, 0xb8\n1: mov %rcx, hook_behind_data(%rip)\nret\n.skip 16, 0x90");
HOOK(behind_table, LOUD("%rcx") "jmp 1f\n.byte 0x48, 0xb9\n1: " GOT(behind_table, "%rdx") "mov %rcx, (%rdx)\nret\n.skip 16, 0x90");
/* By distances: from the global offset table, of a word from itself. */
HOOK(far, LOUD("%rcx") "lea _GLOBAL_OFFSET_TABLE_(%rip), %rdx\nmovabs $hook_far@GOTOFF, %rax\nmov %rcx, (%rdx,%rax)\nret");
HOOK_AND(far_slot, ".globl hook_far_slot\n.hidden hook_far_slot\n", LOUD("%rcx") "lea _GLOBAL_OFFSET_TABLE_(%rip), %rdx\nmovabs $hook_far_slot@GOT, %rax\nmov (%rdx,%rax), %rax\nmov %rcx, (%rax)\nret");
HOOK(word, LOUD("%rcx") "lea 8f(%rip), %rdx\nmovslq (%rdx), %rax\nadd %rdx, %rax\nmov %rcx, (%rax)\nret\n"
           ".pushsection .rodata\n.p2align 2\n8: .long hook_word-8b\n.popsection");
HOOK(wide_word, LOUD("%rcx") "lea 8f(%rip), %rdx\nmov (%rdx), %rax\nadd %rdx, %rax\nmov %rcx, (%rax)\nret\n"
                ".pushsection .rodata\n.p2align 3\n8: .quad hook_wide_word-8b\n.popsection");
HOOK(data_word, LOUD("%rcx") "mov 8f(%rip), %rax\nmov %rcx, -4(%rax)\nret\n.pushsection .data\n.p2align 3\n8: .quad hook_data_word+4\n.popsection");
/* By other instructions. */
HOOK(exchanged, LOUD("%rcx") "xchg %rcx, hook_exchanged(%rip)\nret");
HOOK(compared, LOUD("%rcx") "mov hook_compared(%rip), %rax\nlock cmpxchg %rcx, hook_compared(%rip)\nret");
HOOK(half, LOUD("%rcx") "mov %ecx, hook_half(%rip)\nret");
HOOK(vector, LOUD("%rcx") "movq %rcx, %xmm0\nmovq %xmm0, hook_vector(%rip)\nret");
HOOK(popped, LOUD("%rcx") "push %rcx\npopq hook_popped(%rip)\nret");
HOOK(added, LOUD("%rcx") "sub hook_added(%rip), %rcx\nadd %rcx, hook_added(%rip)\nret");
HOOK(table_vector, LOUD("%rcx") GOT(table_vector, "%rdx") "movq %rcx, %xmm0\nmovq %xmm0, (%rdx)\nret");
HOOK(table_half, LOUD("%rcx") GOT(table_half, "%rdx") "mov %ecx, (%rdx)\nret");
HOOK(table_string, LOUD("%rax") GOT(table_string, "%rdi") "stosq\nret");
HOOK(table_pushed, LOUD("%rcx") "push hook_table_pushed@GOTPCREL(%rip)\npop %rdx\nmov %rcx, (%rdx)\nret");
HOOK(table_spilled, LOUD("%rcx") GOT(table_spilled, "%rdx") "push %rdx\npop %rsi\nmov %rcx, (%rsi)\nret");
HOOK(table_loaded, LOUD("%rcx") "movq hook_table_loaded@GOTPCREL(%rip), %xmm0\nmovq %xmm0, %rdx\nmov %rcx, (%rdx)\nret");
/* A value that seems to be another one. */
HOOK_AND(given_back, FUNCTION("takes_rbx", LOUD("%rbx") "ret"),
         "push %rbx\nlea quiet_target(%rip), %rbx\ncall takes_rbx\nmov %rbx, hook_given_back(%rip)\npop %rbx\nret");
/* A callee that gives back another rbx, through which its caller jumps to the store. */
HOOK_AND(turned, FUNCTION("turns_rbx", "lea turned_store(%rip), %rbx\nret"),
         "push %rbx\nlea quiet_target(%rip), %rcx\ntest %rdi, %rdi\njs turned_store\nlea 7f(%rip), %rbx\ncall turns_rbx\n" LOUD("%rcx")
         "jmp *%rbx\nturned_store: mov %rcx, hook_turned(%rip)\n7: pop %rbx\nret");
HOOK(looped, LOUD("%rax") "lea quiet_target(%rip), %rcx\nmov $2, %edx\n1: mov %rcx, hook_looped(%rip)\nmov %rax, %rcx\ndec %edx\njne 1b\nret");

/* A number behind it that would lead into its middle, as a distance. */
__asm__(".pushsection .data\n.type hook_quiet_beside,@object\n.p2align 3\nhook_quiet_beside: .quad quiet_target\n"
        ".size hook_quiet_beside,8\n.quad -1\n.popsection\n"
        FUNCTION("s_quiet_beside", "lea quiet_target(%rip), %rax\nmov %rax, hook_quiet_beside(%rip)\nret")
        FUNCTION("r_quiet_beside", "sub $8, %rsp\ncall *hook_quiet_beside(%rip)\nadd $8, %rsp\nret"));
long r_quiet_beside(long);
void s_quiet_beside(long);

/* Objects within an object, of which the last lies behind another one. */
__asm__(".pushsection .data\n.type outer,@object\n.p2align 3\nouter: .quad quiet_target\n"
        ".type first_inner,@object\nfirst_inner: .quad quiet_target\n.size first_inner,8\n"
        ".type hook_inner,@object\nhook_inner: .quad quiet_target\n.size hook_inner,8\n.size outer,24\n.popsection\n"
        FUNCTION("s_inner", "lea outer(%rip), %rdx\n" LOUD("%rax") "mov %rax, 16(%rdx)\nret")
        FUNCTION("r_inner", "sub $8, %rsp\ncall *hook_inner(%rip)\nadd $8, %rsp\nret"));
long r_inner(long);
void s_inner(long);

/* All that lies in a section with a name of its own. */
typedef long hook(long);
#define LISTED __attribute__((section("hooks"), used))
LISTED static hook *first_listed = quiet_target;
LISTED static hook *listed = quiet_target;
LISTED static hook *last_listed = quiet_target;
extern hook *__start_hooks[], *__stop_hooks[];
APART long r_listed(long n) { return listed(n) + 1; }
APART void s_listed(long n) {
    for (hook **at = __start_hooks; at < __stop_hooks; at++) *at = grow;
}

/* A label in a static, through which a function goes on inside itself. */
HOOK(label, "lea quiet_target(%rip), %rax\ntest %rdi, %rdi\njne 2f\n1: mov %rax, hook_label(%rip)\nret\n2: jmp *next(%rip)\n3: " LOUD("%rax") "jmp 1b\n"
            ".pushsection .data\n.p2align 3\nnext: .quad 3b\n.popsection");

#define HOOKS(of) \
    of(quiet_store) of(quiet_table) of(quiet_called) of(quiet_jumped) of(quiet_beside) of(store) of(table) of(kept_rcx) of(kept_rax) of(kept_r10) \
    of(kept_deep) of(chained) of(tailed) of(switched_rax) of(switched_r10) of(thunk) of(thunk_last) of(thunk_inline) of(pushed) \
    of(pushed_inside) of(called_inside) of(behind_data) of(behind_table) of(far) of(far_slot) of(word) of(wide_word) of(data_word) \
    of(exchanged) of(compared) of(half) of(vector) of(popped) of(added) of(table_vector) of(table_half) of(table_string) \
    of(table_pushed) of(table_spilled) of(table_loaded) of(given_back) of(turned) of(looped) of(inner) of(listed) of(label)
static const struct { const char *name; void (*set)(long); long (*run)(long); } ALL[] = {
#define RUN(name) {"r_" #name, s_##name, r_##name},
    HOOKS(RUN)
};

int main(void) {
    sink = (long)first_listed ^ (long)last_listed;
    for (unsigned i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        ALL[i].set(1);
        long before = counted();
        for (long n = 0; n < 8; n++) sink += ALL[i].run(n);
        before = counted() - before;
        printf("%s %ld\n", ALL[i].name, before);
    }
    return 0;
}
