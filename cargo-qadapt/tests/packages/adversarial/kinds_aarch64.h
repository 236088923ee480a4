/* The assembly of `kinds.c` for aarch64: each is `long name(long n)`, and calls `loud_target` in its own way if it is not quiet. */
/* x9: the target, a loud one for odd n. */
#define AT(reg, name) "adrp " reg ", " name "\nadd " reg ", " reg ", :lo12:" name "\n"
#define CHOOSE AT("x9", "loud_target") "tbnz x0, #0, 1f\n" AT("x9", "quiet_target") "1:\n"
/* Jumps and returns. */
ASM(a_return_to, CHOOSE "ret x9");
ASM(a_jump_to, CHOOSE "br x9");
ASM(a_call_by_return, CHOOSE "str x30, [sp, #-16]!\nadr x30, 2f\nret x9\n2: ldr x30, [sp], #16\nret");
ASM(a_over_saved, CHOOSE "sub sp, sp, #32\nstp x19, x30, [sp]\nmov x19, x30\nmov x10, sp\nadr x11, 2f\nstr x11, [x10, #8]\n"
                         "ldr x30, [sp, #8]\nret\n2: mov x30, x19\nldr x19, [sp]\nadd sp, sp, #32\nbr x9");
ASM(a_over_pair, CHOOSE "stp x29, x30, [sp, #-32]!\nstr x30, [sp, #16]\nadr x11, 2f\nstp x29, x11, [sp]\nldp x29, x30, [sp]\nret\n"
                        "2: ldr x30, [sp, #16]\nadd sp, sp, #32\nbr x9");
ASM(a_over_index, CHOOSE "stp x29, x30, [sp, #-32]!\nstr x30, [sp, #16]\nadr x11, 2f\nmov x12, #1\nstr x11, [sp, x12, lsl #3]\n"
                         "ldp x29, x30, [sp]\nret\n2: ldr x30, [sp, #16]\nadd sp, sp, #32\nbr x9");
ASM(a_over_array, CHOOSE "stp x29, x30, [sp, #-32]!\nstr x30, [sp, #16]\nadr x11, 2f\nmul x12, x0, xzr\nadd x10, sp, #8\n"
                  "str x11, [x10, x12, lsl #3]\nldp x29, x30, [sp]\nret\n2: ldr x30, [sp, #16]\nadd sp, sp, #32\nbr x9");
ASM(a_over_halves, CHOOSE "stp x29, x30, [sp, #-32]!\nstr x30, [sp, #16]\nadr x11, 2f\nmov w12, #1\nstr x11, [sp, w12, uxtw #3]\n"
                   "ldp x29, x30, [sp]\nret\n2: ldr x30, [sp, #16]\nadd sp, sp, #32\nbr x9");
ASM(a_spoils_x19, "str x19, [sp, #-16]!\n" AT("x11", "loud_target") "mul x10, x0, xzr\nstr x11, [sp, x10]\nldr x19, [sp], #16\nret");
ASM(a_over_x19, "stp x19, x30, [sp, #-16]!\n" AT("x19", "quiet_target") "bl a_spoils_x19\nblr x19\nldp x19, x30, [sp], #16\nret");
ASM(a_other_place, CHOOSE "stp x29, x30, [sp, #-32]!\nadr x11, 2f\nstr x11, [sp, #16]\nldr x30, [sp, #16]\nret\n"
                          "2: ldp x29, x30, [sp], #32\nbr x9");
ASM(a_other_stack, CHOOSE "mov x10, sp\n" AT("x11", "spare+4096") "stp x10, x30, [x11, #-16]!\nmov sp, x11\nblr x9\n"
                          "ldp x10, x30, [sp]\nmov sp, x10\nret");
ASM(a_computed, CHOOSE "adr x10, 2f\nsub x9, x9, x10\nadd x9, x9, x10\nbr x9\n2: ret");
ASM(a_takes_x19, AT("x19", "loud_target") "ret");
ASM(a_uses_x19, "stp x19, x30, [sp, #-16]!\n" AT("x19", "quiet_target") "bl a_takes_x19\nblr x19\nldp x19, x30, [sp], #16\nret");
/* Tables of bytes, halves and words. */
ASM(a_table_bytes, "and x8, x0, #3\nadr x9, 8f\nldrb w10, [x9, x8]\nadr x11, 7f\nadd x11, x11, x10, lsl #2\nbr x11\n"
                   "7: mov x0, #1\nret\n6: b loud_target\n8: .byte 0, 0, (6b-7b)/4, 0");
ASM(a_table_halves, "cmp x0, #3\nb.hi 7f\nadr x9, 8f\nldrh w10, [x9, x0, lsl #1]\nadr x11, 7f\nadd x11, x11, x10, lsl #2\nbr x11\n"
                    "7: mov x0, #1\nret\n6: b loud_target\n8: .hword 0, (6b-7b)/4, 0, 0");
ASM(a_table_words, "and w8, w0, #3\nadr x9, 8f\nldrsw x10, [x9, x8, lsl #2]\nadd x9, x9, x10\nbr x9\n"
                   "7: mov x0, #1\nret\n.p2align 2\n8: .word 7b-8b, 7b-8b, loud_target-8b, 7b-8b");
ASM(a_table_signed, "mov x8, #1\nadr x9, 8f\nldrsb x10, [x9, x8]\nadr x11, 7f\nadd x11, x11, x10, lsl #2\nbr x11\n"
                    "6: b loud_target\n7: mov x0, #1\nret\n8: .byte 0, (6b-7b)/4, 0, 0");
ASM(a_quiet_table, "and x8, x0, #3\nadr x9, 8f\nldrb w10, [x9, x8]\nadr x11, 7f\nadd x11, x11, x10, lsl #2\nbr x11\n"
                   "7: mov x0, #1\nret\n6: mov x0, #2\nret\n8: .byte 0, 0, (6b-7b)/4, 0");
/* The number 2 does not occur, and its entry leads behind the function. */
ASM(a_hole, "cmp x0, #2\ncinc x0, x0, eq\nand x8, x0, #255\n" AT("x9", "8f") "ldrsw x10, [x9, x8, lsl #2]\nadd x9, x9, x10\nbr x9\n"
            "7: mov x0, #1\nret\n6: b loud_target\n.p2align 4\nret\n9:\n.pushsection .rodata\n.p2align 2\n"
            "8: .word 7b-8b, 7b-8b, 9b-8b, 6b-8b, 7b-8b, 7b-8b, 7b-8b, 7b-8b, 0\n.popsection");
/* Code that a compiler has moved out of functions writes to their stacks. */
ASM(OUTLINED_FUNCTION_90, AT("x10", "loud_target") "str x10, [sp, #16]\nret");
ASM(a_outlined, "sub sp, sp, #32\nstr x30, [sp]\n" AT("x9", "quiet_target") "str x9, [sp, #16]\nbl OUTLINED_FUNCTION_90\n"
                "ldr x9, [sp, #16]\nblr x9\nldr x30, [sp]\nadd sp, sp, #32\nret");
/* Numbers: what seems never to be, and is. `HIDDEN` is a number in x8 that nobody follows. */
#define HIDDEN(number) "mul x8, x0, xzr\nadd x8, x8, #" #number "\n"
#define BACK "\n1: ret"
ASM(a_number_flags, "mov x8, #5\ncmp x8, #5\nadds x9, x0, #1\nb.ne loud_target" BACK);
/* `sub xzr, x9, x9`: no comparison. */
ASM(a_number_nothing, "mov x8, #5\nmov x9, #6\ncmp x8, x9\n.inst 0xcb09013f\nb.ne loud_target" BACK);
ASM(a_number_kept, "mov w10, #1\n" HIDDEN(5) "cmp x8, #9\ncbz w10, 1f\nb.lo loud_target" BACK);
ASM(a_number_taken, "mov w10, #0\n" HIDDEN(5) "cmp x8, #9\ncbz w10, 2f\nret\n2: b.ne loud_target" BACK);
ASM(a_number_bit, "mov w10, #8\n" HIDDEN(5) "cmp x8, #5\ntbz w10, #3, 1f\nb.eq loud_target" BACK);
ASM(a_number_and, HIDDEN(5) "cmp x8, #5\nmov x9, #3\nand x9, x9, #4\nmov x9, #3\nand x10, x9, #1\nb.eq loud_target" BACK);
ASM(a_number_test, "mov x8, #5\ntst x8, #4\nb.lo loud_target" BACK);
ASM(a_number_ands, "mov x8, #5\nands x8, x8, #4\nb.ls loud_target" BACK);
ASM(a_number_negative, "mov x8, #5\ncmn x8, #5\nb.ne loud_target" BACK);
ASM(a_number_condition, "mov x8, #5\ncmp x8, #5\nccmp x8, #5, #0, ne\nb.ne loud_target" BACK);
ASM(a_number_float, "mov x8, #5\nfmov d0, #1.0\nfmov d1, #2.0\ncmp x8, #5\nfcmp d0, d1\nb.ne loud_target" BACK);
ASM(a_number_select, HIDDEN(5) "mov x9, #1\nmov x10, #2\ncmp x8, #5\ncsel x9, x10, x9, eq\ncmp x9, #2\nb.eq loud_target" BACK);
ASM(a_number_other, HIDDEN(5) "mov x9, #1\ncmp x8, #5\ncsel x9, x9, xzr, ne\ncbz x9, loud_target" BACK);
ASM(a_number_more, "mov x9, #1\ncmp x9, #2\ncsinc x9, x9, x9, eq\ncmp x9, #2\nb.eq loud_target" BACK);
ASM(a_number_not, "mov x9, #1\ncmp x9, #2\ncsinv x9, x9, x9, eq\ncmp x9, #1\nb.ne loud_target" BACK);
ASM(a_number_set, HIDDEN(5) "cmp x8, #5\ncset w9, eq\ncbnz w9, loud_target" BACK);
ASM(a_number_mask, HIDDEN(5) "cmp x8, #5\ncsetm x9, eq\ncmp x9, #1\nb.hi loud_target" BACK);
ASM(a_number_part, "mov w8, #1\nmovk w8, #1, lsl #16\ncmp w8, #1\nb.ne loud_target" BACK);
ASM(a_number_short, "mov w8, #-1\nlsr x8, x8, #32\ncbz x8, loud_target" BACK);
ASM(a_number_half, "mov x8, #-1\nadd w8, w8, #1\ncbz x8, loud_target" BACK);
ASM(a_number_wide, "mov x8, #0x100000000\ncbz w8, loud_target" BACK);
ASM(a_number_high, "mov x8, #0x100000000\ntbnz x8, #32, loud_target" BACK);
ASM(a_number_field, "mov w8, #0x50\nubfx w8, w8, #4, #4\ncmp w8, #5\nb.eq loud_target" BACK);
ASM(a_number_insert, "mov w8, #0\nmov w9, #5\nbfi w8, w9, #0, #3\ncbnz w8, loud_target" BACK);
ASM(a_number_sign, "mov w8, #0x80000000\nsxtw x8, w8\nlsr x8, x8, #32\ncbnz x8, loud_target" BACK);
ASM(a_number_shift, "mov w8, #1\nmov w9, #32\nlsl w8, w8, w9\ncmp w8, #1\nb.eq loud_target" BACK);
ASM(a_number_moved, "mov x8, #1\nmov x9, #1\nadd x8, x8, x9, lsl #4\ncmp x8, #17\nb.eq loud_target" BACK);
ASM(a_number_turned, "mov x8, #1\nmov x9, #1\norr x8, x8, x9, ror #1\ntbnz x8, #63, loud_target" BACK);
ASM(a_number_bic, "mov x8, #1\nmov x9, #1\nbic x8, x8, x9\ncbz x8, loud_target" BACK);
ASM(a_number_pattern, "mov x8, #0x5555555555555555\nand x8, x8, #0xf0\ncmp x8, #0x50\nb.eq loud_target" BACK);
ASM(a_number_index, "mov x8, #0\nadr x8, 8f\nldr x9, [x8], #8\nldr x9, [x8]\ncbnz x9, loud_target" BACK "\n.p2align 3\n8: .quad 0, 1");
ASM(a_number_pair, "adr x8, 8f\nldp x8, x9, [x8]\ncbnz x9, loud_target" BACK "\n.p2align 3\n8: .quad 0, 1");
ASM(a_number_literal, "mov w8, #0\nldr w8, 8f\ncbnz w8, loud_target" BACK "\n8: .word 1");
ASM(a_number_vector, "mov x8, #0\nfmov d0, #1.0\nfmov x8, d0\ncbnz x8, loud_target" BACK);
ASM(a_number_lane, "mov w8, #0\nmovi v0.4s, #1\numov w8, v0.s[0]\ncbnz w8, loud_target" BACK);
ASM(a_number_store, "mov w8, #7\nsub sp, sp, #16\n2: ldxr x9, [sp]\nstxr w8, x9, [sp]\ncbnz w8, 2b\nadd sp, sp, #16\ncbz w8, loud_target" BACK);
ASM(a_number_swap, ".arch_extension lse\nmov x8, #1\nstr x8, [sp, #-16]!\nmov x9, #0\nldadd x9, x9, [sp]\nadd sp, sp, #16\n"
                   "cbnz x9, loud_target" BACK);
ASM(a_number_compare, ".arch_extension lse\nmov x8, #1\nstr x8, [sp, #-16]!\nmov x9, #0\ncas x9, x9, [sp]\nadd sp, sp, #16\n"
                      "cbnz x9, loud_target" BACK);
ASM(a_number_system, "mov x10, x0\nmov x8, #172\nmov x0, #0\nsvc #0\nmov x9, x0\nmov x0, x10\ncbnz x9, loud_target" BACK);
ASM(a_three, "mov w8, #3\nret");
ASM(a_number_call, "str x30, [sp, #-16]!\nmov w8, #1\nbl a_three\nldr x30, [sp], #16\ncmp w8, #1\nb.ne loud_target" BACK);
ASM(a_kind, "tst x0, #1\nmov w0, #0\nb.eq 2f\nmov w0, #3\n2: ret");
ASM(a_number_result, "stp x0, x30, [sp, #-16]!\nbl a_kind\nmov w8, w0\nldp x0, x30, [sp], #16\ncmp w8, #3\nb.eq loud_target" BACK);
ASM(a_number_memory, "sub sp, sp, #16\nmov x8, #1\nstr x8, [sp]\nmov x9, sp\nmov x10, #2\nstr x10, [x9]\nldr x8, [sp]\n"
                     "add sp, sp, #16\ncmp x8, #1\nb.ne loud_target" BACK);
ASM(a_number_base, AT("x8", "spare") "cmp x8, #0x200, lsl #12\nb.hi loud_target" BACK);
#ifndef __PIE__
/* What looks like an entry of a procedure linkage table, and changes the argument on its way. */
ASM(a_calls_x0, "mov x9, x0\nmov x0, x1\nbr x9");
ASM(a_changed_argument, "str x30, [sp, #-16]!\nmov x1, x0\n" AT("x0", "quiet_target") "bl 5f\nldr x30, [sp], #16\nret");
__asm__(".pushsection .text\n.p2align 6\n5: adrp x0, 6f\nldr x17, [x0, :lo12:6f]\nadd x0, x0, :lo12:7f\nbr x17\n"
        ".p2align 3\n6: .quad a_calls_x0\n7: b loud_target\n.popsection");
#define AT_FIXED_PLACES(of) of(changed_argument)
#else
#define AT_FIXED_PLACES(of)
#endif
ASM(a_quiet_jump_back, "add x0, x0, #1\nbr x30");
ASM(a_quiet_return, "mov x10, x30\nadd x0, x0, #1\nret x10");
ASM(a_quiet_frame, "paciasp\nstp x29, x30, [sp, #-32]!\nmov x29, sp\nstp x19, x20, [sp, #16]\nmov x19, x0\nbl quiet_target\n"
                   "add x0, x0, x19\nldp x19, x20, [sp, #16]\nldp x29, x30, [sp], #32\nautiasp\nret");
ASM(a_quiet_saved, "stp x19, x30, [sp, #-16]!\nmov x19, x30\nbl quiet_target\nmov x30, x19\nldr x19, [sp], #16\nret");
ASM(a_quiet_result, "stp x0, x30, [sp, #-16]!\nbl a_kind\nmov w8, w0\nldp x0, x30, [sp], #16\ncmp w8, #2\nb.eq loud_target" BACK);
ASM(a_quiet_mask, "and x8, x0, #3\ncmp x8, #3\nb.hi loud_target" BACK);
ASM(a_quiet_range, "cmp x0, #10\nb.hi 1f\ncmp x0, #20\nb.hi loud_target" BACK);
ASM(a_quiet_set, "cmp x0, #0\ncset w8, eq\ncmp w8, #1\nb.hi loud_target" BACK);
ASM(a_quiet_bit, "mov w8, #4\ntbz w8, #2, loud_target" BACK);
/* Not run: they do not come back as they should. */
ASM(a_lost_link, "stp x29, x30, [sp, #-16]!\nbl quiet_target\nadd sp, sp, #16\nret");
ASM(a_lost_frame, "sub sp, sp, #16\nret");
ASM(a_lost_slot, "stp x29, x30, [sp, #-16]!\nbl quiet_target\nldp x30, x29, [sp], #16\nret");
char spare[8192] __attribute__((used, aligned(16), visibility("hidden")));

#define ASSEMBLY(of) \
    of(return_to) of(jump_to) of(call_by_return) of(over_saved) of(over_pair) of(over_index) of(over_array) of(over_halves) \
    of(over_x19) of(number_nothing) of(other_place) of(other_stack) \
    of(computed) of(uses_x19) of(table_bytes) of(table_halves) of(table_words) of(table_signed) of(quiet_table) of(hole) of(outlined) \
    of(number_flags) of(number_kept) of(number_taken) of(number_bit) of(number_and) of(number_test) of(number_ands) \
    of(number_negative) of(number_condition) of(number_float) of(number_select) of(number_other) of(number_more) of(number_not) \
    of(number_set) of(number_mask) of(number_part) of(number_short) of(number_half) of(number_wide) of(number_high) \
    of(number_field) of(number_insert) of(number_sign) of(number_shift) of(number_moved) of(number_turned) of(number_bic) \
    of(number_pattern) of(number_index) of(number_pair) of(number_literal) of(number_vector) of(number_lane) of(number_store) \
    of(number_swap) of(number_compare) of(number_system) of(number_call) of(number_result) of(number_memory) of(number_base) \
    of(quiet_jump_back) of(quiet_return) of(quiet_frame) of(quiet_saved) of(quiet_result) of(quiet_mask) of(quiet_range) \
    of(quiet_set) of(quiet_bit) AT_FIXED_PLACES(of)
#define CALLS(kind) REGION long r_##kind(long n) { return a_##kind(n) + 1; }
ASSEMBLY(CALLS)
REGION long r_never_link(long n) { return a_lost_link(n) + 1; }
REGION long r_never_frame(long n) { return a_lost_frame(n) + 1; }
REGION long r_never_slot(long n) { return a_lost_slot(n) + 1; }
