/*
 * QADAPT for C and C++: regions of a thread in which neither C nor Rust code may touch the allocator.
 *
 * The functions are in every program or static library that links the Rust crate qadapt-malloc. Allocations of Rust code are
 * seen where QADAPT is its global allocator.
 */
#ifndef QADAPT_H
#define QADAPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a violation does. The process's mode is QADAPT_PANIC, unless QADAPT_MODE in the environment or
 * qadapt_set_mode says otherwise. */
enum qadapt_mode {
    /* The region's end panics with a report: it unwinds to the Rust code that called into C, and ends the process where there
     * is none. */
    QADAPT_PANIC = 0,
    /* The report is written at the event, and the process aborts. */
    QADAPT_ABORT = 1,
    /* The region's end writes the report to standard error. */
    QADAPT_LOG = 2,
    /* Violations are counted. */
    QADAPT_COUNT = 3,
    /* The request fails: malloc returns NULL with ENOMEM. */
    QADAPT_FAIL = 4,
    /* The thread raises SIGTRAP at the event. */
    QADAPT_TRAP = 5
};

/* What a stretch of code asked of the allocators, C's and Rust's. */
struct qadapt_counts {
    uint64_t allocs;
    uint64_t reallocs;
    uint64_t deallocs;
    /* Requests that got no memory. */
    uint64_t failed;
    /* Bytes of allocations and reallocations, and bytes given back. */
    uint64_t bytes;
    uint64_t freed_bytes;
    /* False in a build without checks: then all figures are 0. */
    bool measured;
};

/* Opens a region on this thread, until qadapt_exit closes it. Regions nest. */
void qadapt_enter(void);

/* Closes the region that the last qadapt_enter opened on this thread. Panics if there is none, and in mode QADAPT_PANIC if
 * the region was violated. */
void qadapt_exit(void);

/* Calls body(data) and lets it allocate, also in a region. */
void qadapt_permit(void (*body)(void *data), void *data);

/* Calls body(data) and counts what it asks of the allocators on this thread. */
struct qadapt_counts qadapt_count(void (*body)(void *data), void *data);

/* The number of violations on this thread so far. */
uint64_t qadapt_violations(void);

/* The process's mode. */
enum qadapt_mode qadapt_get_mode(void);

/* Sets the process's mode. False, and nothing happens, if there is no such mode. */
bool qadapt_set_mode(enum qadapt_mode mode);

/* Has hook(report, data) called for each report, besides what the mode does; on the thread of the region, once that has closed.
 * The text is valid during the call. NULL takes the hook away. */
void qadapt_set_hook(void (*hook)(const char *report, void *data), void *data);

/* True if Rust's allocator is watched: the checks are compiled in, and QADAPT is the global allocator. */
bool qadapt_is_active(void);

/* True if C's allocation functions are watched, too. */
bool qadapt_c_is_active(void);

#ifdef __cplusplus
}
#endif

#endif
