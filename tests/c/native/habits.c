/* Ways in which C code asks for memory, most of them inside the C library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <glob.h>
#include <malloc.h>
#include <netdb.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copies(void) {
    free(strdup("a string"));
    free(strndup("a string", 3));
}

static void prints(void) {
    char *text;
    if (asprintf(&text, "%d and %s", 7, "more") > 0)
        free(text);
}

static void lines(void) {
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (getline(&line, &size, file) > 0)
        ;
    fclose(file);
    free(line);
}

static void opens(void) { fclose(fopen("/dev/null", "w")); }

static void resolves(void) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo("localhost", "80", &hints, &found) == 0)
        freeaddrinfo(found);
}

static void streams(void) {
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    for (int i = 0; i < 1000; i++)
        fputs("and on ", stream);
    fclose(stream);
    free(text);
}

static void matches(void) {
    regex_t expression;
    regcomp(&expression, "a(b|c)*d{2,5}", REG_EXTENDED);
    regexec(&expression, "xxabcbcddd", 0, NULL, 0);
    regfree(&expression);
}

static void lists(void) {
    struct dirent **entries;
    int count = scandir("/", &entries, NULL, alphasort);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    if (count >= 0)
        free(entries);
}

static void globs(void) {
    glob_t found;
    if (glob("/*", 0, NULL, &found) == 0)
        globfree(&found);
}

static void paths(void) { free(realpath("/proc/self/exe", NULL)); }

static void environment(void) {
    setenv("HABIT", "a value", 1);
    unsetenv("HABIT");
}

static int ascending(const void *left, const void *right) { return *(const int *)left - *(const int *)right; }

static void sorts(void) {
    static int numbers[100000];
    for (int i = 0; i < 100000; i++)
        numbers[i] = (i * 7919) % 100000;
    qsort(numbers, 100000, sizeof *numbers, ascending);
}

/* Each of the allocation functions. */
static void functions(void) {
    void *blocks[9];
    blocks[0] = malloc(10);
    blocks[1] = calloc(3, 5);
    blocks[2] = realloc(NULL, 20);
    blocks[2] = realloc(blocks[2], 5000);
    blocks[3] = reallocarray(NULL, 4, 9);
    blocks[3] = reallocarray(blocks[3], 400, 9);
    if (posix_memalign(&blocks[4], 64, 100) != 0)
        abort();
    blocks[5] = aligned_alloc(128, 256);
    blocks[6] = memalign(32, 7);
    blocks[7] = valloc(11);
    blocks[8] = pvalloc(13);
    if (malloc_usable_size(blocks[8]) < 13)
        abort();
    for (int i = 0; i < 8; i++)
        free(blocks[i]);
    blocks[8] = realloc(blocks[8], 0);
    free(NULL);
}

static void (*const habits[])(void) = {
    copies, prints, lines, opens, resolves, streams, matches, lists, globs, paths, environment, sorts, functions,
};

/* Follows one of them, by its number. */
void habit(size_t number) { habits[number](); }

/* A line that a report names. */
char *c_allocates(size_t size) {
    return malloc(size); /* here: allocates */
}

/* Calls back from C. */
void c_calls(void (*callback)(void *), void *data) { callback(data); }
