/* A C program without a guard that loads plug-ins, in the way that its first argument says, and has each watch each: the first of
 * them is the others' host. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };

struct plugin {
    void (*allocate)(uint32_t);
    void (*watch)(void (*)(void));
    uint64_t (*violations)(void);
};

static struct plugin plugins[MOST];
static int count;
static _Thread_local const struct plugin *other;

static void allocate_there(void) { other->allocate(1); }

static void *find(void *library, const char *name) {
    void *found = dlsym(library, name);
    if (!found) {
        puts(dlerror());
        exit(1);
    }
    return found;
}

static void *watch_all(void *nothing) {
    (void)nothing;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            plugins[i].allocate(1);
            plugins[j].allocate(1);
            other = &plugins[j];
            uint64_t before = plugins[0].violations();
            plugins[i].watch(allocate_there);
            if (plugins[i].violations() - before != 2 || plugins[j].violations() - before != 2) {
                printf("plug-in %d does not watch %d\n", i, j);
                exit(1);
            }
        }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > MOST) return 2;
    int how = RTLD_NOW | (strcmp(argv[1], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL);
    for (; count < argc - 2; count++) {
        void *library = dlopen(argv[count + 2], how);
        if (!library) {
            puts(dlerror());
            return 1;
        }
        *(void **)&plugins[count].allocate = find(library, "plugin_allocate");
        *(void **)&plugins[count].watch = find(library, "plugin_watch");
        *(void **)&plugins[count].violations = find(library, "plugin_violations");
    }
    watch_all(NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, watch_all, NULL) || pthread_join(thread, NULL)) return 2;
    puts("all so");
    return 0;
}
