//! Programs made to mislead the prover, each held against a count of what it really does.

mod rust;

use std::fmt::Write as _;
use std::process::Command;

use qadapt_prove::Answer;

use crate::programs::{FOR_AARCH64, answers, counted, folder, has, kinds, run, shared, source, verdicts};

#[test]
fn no_store_into_a_static_is_missed() {
    let flags = ["-O2", "-Wa,-mrelax-relocations=no", "-Wl,--no-relax"];
    let mut wrong = counted("hooks", 40, "gcc", &flags, true);
    wrong.extend(counted("hooks", 40, "clang", &flags, true));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_written_before_a_program_runs_is_not_what_the_file_has() {
    let mut wrong = counted("fixed_up", 3, "gcc", &["-O2"], true);
    wrong.extend(counted("fixed_up", 4, "gcc", &["-O2", "-DCODE", "-Wl,-z,notext"], true));
    wrong.extend(counted("fixed_up", 4, "clang", &["-O2", "-DCODE", "-Wl,-z,notext", "-fuse-ld=lld"], true));
    wrong.extend(counted("fixed_up", 4, "gcc", &["-O2", "-DCHOSEN"], true));
    wrong.extend(counted("fixed_up", 4, "gcc", &["-O2", "-DCHOSEN", "-static", "-Wl,-z,now"], true));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn packed_relocations_say_nothing_of_what_a_static_holds() {
    // Android's loader reads them, and this one does not: the program is not run.
    let flags = ["-O2", "-fuse-ld=lld", "-Wl,--pack-dyn-relocs=android"];
    if !has("clang", &flags) {
        return;
    }
    let folder = folder("packed");
    let binary = folder.join("packed");
    let counter = shared(&folder, "counted", "long counted(void) { return 0; }", &[]);
    run(Command::new("clang").args(flags).arg("-w").arg("-o").args([
        &binary,
        &source("fixed_up.c"),
        &counter,
    ]));
    let found = answers(&binary, "^r_", "");
    let expected =
        [("r_first", Answer::Unknown), ("r_quiet_call", Answer::Proven), ("r_table", Answer::Unknown)];
    assert_eq!(found, expected.map(|(n, a)| (n.to_owned(), a)));
}

#[test]
fn calls_by_retpolines_of_a_linkage_table_are_calls_of_what_is_imported() {
    const TEXT: &str = "
        #include <stdlib.h>
        #include <string.h>
        __attribute__((noinline)) void die(int n) { if (n > 90) exit(3); abort(); }
        __attribute__((noinline)) long r_quiet(const char *s, int n) { if (n > 50) abort(); return strlen(s); }
        __attribute__((noinline)) long r_exits(const char *s, int n) { if (n > 50) die(n); return strlen(s); }
        __attribute__((noinline)) long r_loud(const char *s, int n) { if (n > 50) die(n); return (long)strdup(s); }
        int main(int c, char **v) { return r_quiet(v[0], c) + r_exits(v[0], c) + r_loud(v[0], c); }
    ";
    let folder = folder("retpolineplt");
    std::fs::write(folder.join("plt.c"), TEXT).expect("the source is written");
    let plain = &["-O2", "-fuse-ld=lld"][..];
    let made = |flags: &[&str]| {
        let binary = folder.join("plt");
        run(Command::new("clang").args(flags).arg("-o").arg(&binary).arg(folder.join("plt.c")));
        answers(&binary, "^r_", "")
    };
    if !has("clang", plain) {
        return;
    }
    let expected = made(plain);
    assert_eq!(expected[2], ("r_quiet".to_owned(), Answer::Proven), "{expected:?}");
    for binding in ["-Wl,-z,retpolineplt,-z,lazy", "-Wl,-z,retpolineplt,-z,now"] {
        assert_eq!(made(&[plain, &[binding]].concat()), expected, "{binding}");
    }
}

#[test]
fn no_disguise_of_a_call_is_proven() {
    let mut wrong = kinds("gcc", &["-O2", "-DCONTEXTS"], true);
    wrong.extend(kinds("gcc", &["-O2", "-static", "-DCONTEXTS"], true));
    wrong.extend(kinds("gcc", &["-O2", "-mindirect-branch=thunk", "-mfunction-return=thunk"], true));
    wrong.extend(kinds("clang", &["-O2", "-DCONTEXTS"], true));
    wrong.extend(kinds("clang", &["-O2", "-mretpoline"], true));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs a compiler and an emulator of aarch64: run by .ci/run"]
fn no_disguise_of_a_call_is_proven_on_aarch64() {
    let compiler = "aarch64-linux-gnu-gcc";
    let mut wrong = kinds(compiler, &["-O0"], false);
    for flags in [
        &["-O2", "-DCONTEXTS"][..],
        &["-O1"],
        &["-Os"],
        &["-O3", "-DCONTEXTS"],
        &["-O2", "-static"],
        &["-O2", "-no-pie", "-fno-pie"],
        &["-O2", "-fno-plt", "-Wl,-z,now"],
        &["-O2", "-mbranch-protection=standard"],
        &["-O2", "-fno-omit-frame-pointer", "-fstack-protector-all"],
        &["-O2", "-fomit-frame-pointer", "-fstack-clash-protection"],
        &["-O2", "-march=armv8.3-a+sve"],
    ] {
        wrong.extend(kinds(compiler, flags, true));
    }
    for flags in [[FOR_AARCH64, "-O2"], [FOR_AARCH64, "-O3"], [FOR_AARCH64, "-Os"]] {
        wrong.extend(kinds("clang", &flags, true));
    }
    for flags in [&["-O2", "-DCHOSEN"][..], &["-O2", "-DCHOSEN", "-static", "-Wl,-z,now"]] {
        wrong.extend(counted("fixed_up", 4, compiler, flags, true));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "makes a program in thirty ways: run by .ci/run"]
fn no_disguise_of_a_call_is_proven_however_it_is_compiled() {
    let mut wrong = kinds("gcc", &["-O0"], false);
    for flags in [
        &["-O1"][..],
        &["-Os"],
        &["-O3", "-DCONTEXTS"],
        &["-O3", "-mavx2"],
        &["-O2", "-no-pie", "-fno-pie"],
        &["-O2", "-static-pie", "-DCONTEXTS"],
        &["-O2", "-flto", "-fno-toplevel-reorder"],
        &["-O2", "-fno-plt", "-Wl,-z,now"],
        &["-O2", "-fcf-protection"],
        &["-O2", "-fno-omit-frame-pointer"],
        &["-O2", "-fstack-clash-protection", "-fstack-protector-all"],
        &["-O2", "-mindirect-branch=thunk"],
        &["-O2", "-mindirect-branch=thunk-inline"],
        &["-O2", "-mindirect-branch=thunk-inline", "-mfunction-return=thunk-inline"],
        &["-O2", "-fno-jump-tables"],
        &["-O2", "-Wl,--gc-sections", "-ffunction-sections"],
    ] {
        wrong.extend(kinds("gcc", flags, true));
    }
    wrong.extend(kinds("clang", &["-O0"], false));
    for flags in [
        &["-O1", "-no-pie", "-fno-pie"][..],
        &["-Oz"],
        &["-O3", "-DCONTEXTS"],
        &["-O2", "-fuse-ld=lld"],
        &["-O2", "-fuse-ld=lld", "-Wl,-z,retpolineplt"],
        &["-O2", "-flto", "-fuse-ld=lld"],
        &["-O2", "-mlvi-cfi"],
        &["-O2", "-static", "-DCONTEXTS"],
    ] {
        wrong.extend(kinds("clang", flags, true));
    }
    wrong.extend(kinds("musl-gcc", &["-O2", "-static"], true));
    // The counter is a second library, and musl's names have no versions that tell them from its.
    wrong.extend(kinds("musl-gcc", &["-O2"], false));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_loader_copies_from_a_library_is_not_what_the_file_has() {
    let folder = folder("copied");
    let numbers = shared(&folder, "numbers", "const int numbers[4] = {0, 0, 0, 7};", &[]);
    let program = folder.join("program.c");
    std::fs::write(
        &program,
        "#include <stdlib.h>\nextern const int numbers[4];\n\
         __attribute__((noinline)) long r_copied(long n) { long room = numbers[3]; return room ? (long)malloc(room) : n; }\n\
         int main(int c, char **v) { return r_copied(c) != 0; }\n",
    )
    .expect("the source is written");
    for compiler in ["gcc", "clang"] {
        let flags = ["-O2", "-fPIE", "-pie"];
        if !has(compiler, &flags) {
            continue;
        }
        let binary = folder.join(compiler);
        run(Command::new(compiler).args(flags).arg("-o").args([&binary, &program, &numbers]));
        assert_eq!(answers(&binary, "^r_", ""), [("r_copied".to_owned(), Answer::Allocates)], "{compiler}");
    }
}

#[test]
fn tables_into_parts_that_clang_was_told_to_move_away_are_followed() {
    let folder = folder("moved-blocks");
    let (program, order) = (folder.join("program.c"), folder.join("order"));
    let mut text = "#include <stdlib.h>\nvolatile long v;\n\
                    __attribute__((noinline)) void *r_moved(unsigned n) {\n    switch (n) {\n"
        .to_owned();
    for case in 0..6 {
        let last = if case < 4 { format!("(void *){case}l") } else { format!("malloc({case})") };
        writeln!(text, "    case {case}: v = {case} * 3; v = {case} + 11; return {last};").expect("a text");
    }
    text.push_str("    default: __builtin_unreachable();\n    }\n}\nint main(int c, char **v) { return r_moved(c) == v; }\n");
    std::fs::write(&program, text).expect("the source is written");
    std::fs::write(&order, "!r_moved\n!!0 1 2 3 4\n!!6 5\n").expect("the order is written");
    let sections = format!("-fbasic-block-sections=list={}", order.display());
    for flags in [&["-O2", &sections][..], &["-O2", &sections, "-fuse-ld=lld"]] {
        if !has("clang", flags) {
            continue;
        }
        let binary = folder.join("program");
        run(Command::new("clang").args(flags).arg("-o").args([&binary, &program]));
        assert_eq!(
            answers(&binary, "^r_moved$", ""),
            [("r_moved".to_owned(), Answer::Allocates)],
            "{flags:?}"
        );
    }
}

#[test]
#[ignore = "needs clang and lld for aarch64: run by .ci/run"]
fn pads_are_seen_where_return_addresses_are_signed_on_aarch64() {
    let folder = folder("signed");
    let (caught, other, thrown) = (folder.join("caught.cc"), folder.join("other.c"), folder.join("thrown.s"));
    std::fs::write(
        &caught,
        "extern \"C\" {\nvoid *malloc(unsigned long);\nvoid *kept;\n\
         __attribute__((noinline)) void fail(int n) { if (n > 2) throw n; __asm__ volatile(\"\"); }\n\
         __attribute__((noinline)) int r_caught(int n) { try { fail(n); } catch (int) { kept = malloc(8); } return n; }\n}\n",
    )
    .expect("the source is written");
    std::fs::write(&other, "int twice(int n) { __asm__ volatile(\"\" ::: \"x30\"); return 2 * n; }\n")
        .expect("the source is written");
    // In the place of the C++ library's, which does not come back either.
    let text = [
        ("__cxa_throw", "stp x29, x30, [sp, #-16]!\n bl abort"),
        ("abort", "brk #1"),
    ]
    .map(|(name, code)| {
        format!(".globl {name}\n.hidden {name}\n.type {name}, %function\n{name}: {code}\n.size {name}, .-{name}\n")
    })
    .concat();
    std::fs::write(&thrown, text).expect("the source is written");
    let compiled = |source: &std::path::Path, flags: &[&str]| {
        let object = source.with_extension("o");
        run(Command::new("clang")
            .args([FOR_AARCH64, "-O2", "-fPIC", "-c"])
            .args(flags)
            .arg("-o")
            .args([&object, source]));
        object
    };
    let (plain, signed) = ("-mbranch-protection=pac-ret", "-mbranch-protection=pac-ret+b-key");
    let thrown = compiled(&thrown, &[]);
    for [first, second] in [[plain, plain], [signed, signed], [signed, plain], [plain, signed]] {
        let objects = [compiled(&other, &[first]), compiled(&caught, &[second]), thrown.clone()];
        let library = folder.join("library.so");
        run(Command::new("ld.lld").args(["-shared", "-Bsymbolic", "-o"]).arg(&library).args(objects));
        let found = answers(&library, "^r_caught$", "");
        assert_eq!(found, [("r_caught".to_owned(), Answer::Allocates)], "{first}, {second}");
    }
    // A letter that nobody knows: what follows cannot be read, and may have pads.
    let library = folder.join("library.so");
    let mut bytes = std::fs::read(&library).expect("the library is there");
    let signed: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(b"RB\0")).collect();
    assert!(!signed.is_empty(), "it is signed");
    for at in signed {
        bytes[at + 1] = b'Q';
    }
    std::fs::write(&library, bytes).expect("it can be written");
    assert_ne!(answers(&library, "^r_caught$", ""), [("r_caught".to_owned(), Answer::Proven)]);
}

#[test]
fn a_function_of_the_programs_own_is_not_the_one_for_all_system_calls() {
    let folder = folder("own-syscall");
    let program = folder.join("program.c");
    std::fs::write(
        &program,
        "#include <stdlib.h>\n\
         __attribute__((noinline)) long syscall(long n, ...) { return (long)malloc(n); }\n\
         __attribute__((noinline)) long r_own(long n) { return syscall(39) + n; }\n\
         int main(int c, char **v) { return r_own(c) != 0; }\n",
    )
    .expect("the source is written");
    for flags in [&["-O2"][..], &["-O2", "-static"]] {
        let binary = folder.join(format!("program{}", flags.len()));
        run(Command::new("gcc").args(flags).arg("-w").arg("-o").args([&binary, &program]));
        assert_eq!(answers(&binary, "^r_", ""), [("r_own".to_owned(), Answer::Allocates)], "{flags:?}");
    }
}

#[test]
fn a_name_of_the_c_library_is_quiet_only_where_it_is_the_c_librarys() {
    let folder = folder("names");
    let library = "#include <stdlib.h>\n\
        long send(long a, const void *b, long n, int f) { char *volatile p = malloc(n + 9); long r = p != 0; free(p); return r; }\n\
        int close(int n) { return *(int *)calloc(1, n + 9); }\n";
    let versions = folder.join("versions");
    std::fs::write(&versions, "GLIBC_2.2.5 { global: *; };").expect("the script is written");
    let script = format!("-Wl,--version-script={}", versions.display());
    let program = folder.join("program.c");
    std::fs::write(
        &program,
        "long send(long, const void *, long, int); int close(int); int getppid(void);\n\
         __attribute__((noinline)) long r_send(long n) { return send(1, \"\", n, 0) + 1; }\n\
         __attribute__((noinline)) long r_close(long n) { return close(n) + 1; }\n\
         __attribute__((noinline)) long r_libc(long n) { return getpid() + n; }\n\
         int main(int c, char **v) { return (r_send(c) + r_close(c) + r_libc(c)) & 1; }\n",
    )
    .expect("the source is written");
    for flags in [&[][..], &[script.as_str()], &[script.as_str(), "-Wl,-soname,libc.so"]] {
        let library = shared(&folder, "clash", library, flags);
        let binary = folder.join("program");
        run(Command::new("gcc")
            .args(["-O2", "-w", "-fno-builtin", "-o"])
            .args([&binary, &program, &library]));
        let found = answers(&binary, "^r_", "");
        let expected =
            [("r_close", Answer::Unknown), ("r_libc", Answer::Proven), ("r_send", Answer::Unknown)];
        assert_eq!(found, expected.map(|(n, a)| (n.to_owned(), a)), "{flags:?}");
    }
}

#[test]
fn parts_that_were_moved_away_are_followed_from_wherever_control_comes() {
    let folder = folder("parts");
    let mut program = "#include <stdlib.h>\n\
                       __attribute__((used, noinline)) static long quiet(long n) { return n + 1; }\n\
                       __attribute__((used, noinline)) static long loud(long n) { char *volatile p = malloc(n); return p != 0; }\n"
        .to_owned();
    for (name, part) in [("cold", "cold"), ("warm", "warm.0"), ("other", "other")] {
        for callee in ["quiet", "loud"] {
            // Into the middle of the part, on the stack of the caller: only whoever comes from the function knows what is called.
            write!(
                program,
                "__asm__(\".text\\n.type r_{callee}_{name},@function\\nr_{callee}_{name}:\\nlea {callee}(%rip), %rax\\n\\\n\
                 test %rdi, %rdi\\njne 1f\\nret\\n.size r_{callee}_{name},.-r_{callee}_{name}\\n\\\n\
                 .type r_{callee}_{name}.{part},@function\\nr_{callee}_{name}.{part}: ret\\n\\\n\
                 1: sub $8, %rsp\\ncall *%rax\\nadd $8, %rsp\\nret\\n\\\n\
                 .size r_{callee}_{name}.{part},.-r_{callee}_{name}.{part}\\n\");\n"
            )
            .expect("a string takes all");
        }
    }
    program += "int main(void) { return 0; }\n";
    let source = folder.join("parts.c");
    std::fs::write(&source, program).expect("the source is written");
    let binary = folder.join("parts");
    run(Command::new("gcc").args(["-O2", "-o"]).args([&binary, &source]));
    let found = answers(&binary, "^r_[a-z_]+$", "");
    let expected = [
        ("r_loud_cold", Answer::Allocates),
        ("r_loud_other", Answer::Unknown),
        ("r_loud_warm", Answer::Allocates),
        ("r_quiet_cold", Answer::Proven),
        ("r_quiet_other", Answer::Unknown),
        ("r_quiet_warm", Answer::Proven),
    ];
    assert_eq!(found, expected.map(|(n, a)| (n.to_owned(), a)));
}

#[test]
fn what_a_library_exports_may_be_overridden() {
    let folder = folder("interposed");
    let text = |how: &str| {
        format!(
            "__attribute__((noinline{how})) long event(long n) {{ return n + 1; }}\n\
             __attribute__((noinline)) long r_call(long n) {{ return event(n) * 2; }}\n\
             __attribute__((noinline)) long r_last(long n) {{ return event(n + 1); }}\n\
             static long (*const table[])(long) = {{event}};\n\
             __attribute__((noinline)) long r_table(long n) {{ return table[0](n) * 3; }}\n"
        )
    };
    let settings = "[prove]\nnot-overridden = \"no other object has these names\"";
    for (how, flags, fixed) in [
        ("", &["-fsemantic-interposition", "-Wl,-z,now"][..], false),
        ("", &["-fsemantic-interposition", "-Wl,-z,lazy"], false),
        ("", &["-fsemantic-interposition", "-fno-plt"], false),
        ("", &["-fsemantic-interposition", "-Wl,-Bsymbolic"], true),
        (", visibility(\"protected\")", &["-fsemantic-interposition"], true),
        (", visibility(\"hidden\")", &["-fsemantic-interposition"], true),
    ] {
        let library = shared(&folder, "plug", &text(how), flags);
        let found = answers(&library, "^r_", "");
        assert_eq!(found.len(), 3, "{how} {flags:?}: {found:?}");
        // Where the compiler may take the table's content for granted, it calls directly.
        let unfixed = found.iter().filter(|(_, a)| *a == Answer::Unknown).count();
        assert!(found.iter().all(|(_, a)| *a != Answer::Allocates), "{found:?}");
        assert_eq!(unfixed == 0, fixed, "{how} {flags:?}: {found:?}");
        for verdict in verdicts(&library, "^r_(call|last)$", settings) {
            assert_eq!(verdict.answer, Answer::Proven, "{how} {flags:?}");
            assert_eq!(verdict.assumes.is_empty(), fixed, "an assumption that matters is printed: {flags:?}");
        }
    }
}
