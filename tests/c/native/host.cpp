// A C++ program that uses the guard: what `new` asks for is seen, and what Rust allocates that it calls.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "qadapt.h"

extern "C" void rust_allocates();
extern "C" bool rust_guards(void (*callback)());

static void check(bool is_so, const char *what) {
    if (is_so) return;
    std::printf("not so: %s\n", what);
    std::exit(1);
}

static void new_and_delete() {
    static int *volatile kept;
    kept = new int(7);
    delete kept;
}

int main() {
    if (!qadapt_is_active()) {
        std::puts("no checks");
        return 0;
    }
    qadapt_counts counts = qadapt_count([](void *) { new_and_delete(); }, nullptr);
    check(counts.measured && counts.allocs == 1 && counts.deallocs == 1, "new and delete are one event each");
    counts = qadapt_count(
        [](void *) {
            std::vector<int> numbers(100);
            std::string text(100, 'x');
            rust_allocates();
        },
        nullptr);
    check(counts.allocs == 3 && counts.deallocs == 3, "so are a vector's, a string's and a box's");

    qadapt_set_mode(QADAPT_COUNT);
    qadapt_enter();
    new_and_delete();
    rust_allocates();
    qadapt_permit([](void *) { new_and_delete(); }, nullptr);
    qadapt_exit();
    check(qadapt_violations() == 4, "a region of C++ sees both languages");

    qadapt_set_mode(QADAPT_PANIC);
    check(rust_guards(new_and_delete), "a region of Rust sees a callback in C++");
    std::puts("all so");
    return 0;
}
