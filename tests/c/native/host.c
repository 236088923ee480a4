/* A C program that uses the guard, with Rust in it: each check that fails is named, and ends the program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qadapt.h"

void rust_allocates(void);
bool rust_guards(void (*callback)(void));
bool rust_catches(void (*callback)(void));

#define CHECK(what)                                                    \
    do {                                                               \
        if (!(what)) {                                                 \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what);  \
            exit(1);                                                   \
        }                                                              \
    } while (0)

static void *volatile kept;

static void c_allocates(void) { free(kept = malloc(10)); }

static void both(void *data) {
    (void)data;
    c_allocates();
    rust_allocates();
}

static void violates(void) {
    qadapt_enter();
    c_allocates();
    qadapt_exit();
}

static int reports;

static void hook(const char *report, void *data) {
    CHECK(strcmp(data, "the data") == 0);
    CHECK(strstr(report, "qadapt: ") == report);
    CHECK(strstr(report, "C allocation of 10 bytes") || strstr(report, "C deallocation") ||
          strstr(report, "location of 8 bytes"));
    reports++;
}

int main(void) {
    if (!qadapt_is_active()) {
        struct qadapt_counts nothing = qadapt_count(both, NULL);
        CHECK(!nothing.measured && nothing.allocs == 0 && !qadapt_c_is_active());
        violates();
        CHECK(qadapt_violations() == 0);
        puts("no checks");
        return 0;
    }
    CHECK(qadapt_c_is_active());
    CHECK(qadapt_get_mode() == QADAPT_PANIC);

    struct qadapt_counts counts = qadapt_count(both, NULL);
    CHECK(counts.measured && counts.allocs == 2 && counts.deallocs == 2);
    CHECK(counts.reallocs == 0 && counts.failed == 0);
    CHECK(counts.bytes >= 18 && counts.bytes == counts.freed_bytes);

    CHECK(qadapt_set_mode(QADAPT_COUNT) && qadapt_get_mode() == QADAPT_COUNT);
    CHECK(!qadapt_set_mode((enum qadapt_mode)6) && qadapt_get_mode() == QADAPT_COUNT);
    qadapt_enter();
    both(NULL);
    qadapt_permit(both, NULL);
    qadapt_exit();
    CHECK(qadapt_violations() == 4);
    CHECK(!rust_guards(c_allocates));
    CHECK(qadapt_violations() == 6);

    CHECK(qadapt_set_mode(QADAPT_FAIL));
    qadapt_enter();
    errno = 0;
    void *refused = malloc(10);
    int error = errno;
    qadapt_exit();
    CHECK(refused == NULL && error == ENOMEM);

    CHECK(qadapt_set_mode(QADAPT_LOG));
    qadapt_set_hook(hook, "the data");
    qadapt_enter();
    both(NULL);
    qadapt_exit();
    CHECK(reports == 4);
    qadapt_set_hook(NULL, NULL);
    violates();
    CHECK(reports == 4);

    CHECK(qadapt_set_mode(QADAPT_PANIC));
    /* A region of Rust's sees what C does in it, and the panic of one of C's goes to the Rust that called C. */
    CHECK(rust_guards(c_allocates));
    CHECK(rust_catches(violates));
    CHECK(!rust_catches(rust_allocates));
    puts("all so");
    return 0;
}
