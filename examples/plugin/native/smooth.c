/* The plug-in's half in C: it smooths what the echo made. */
#include <stdlib.h>
#include <string.h>

/* Each sample becomes the mean of itself and its neighbours. They are read from a copy, for which `scratch` has room; without
 * one it is allocated. */
void smooth(float *samples, size_t count, float *scratch) {
    float *copy = scratch ? scratch : malloc(count * sizeof *copy);
    if (!copy) return;
    memcpy(copy, samples, count * sizeof *copy);
    for (size_t i = 1; i + 1 < count; i++)
        samples[i] = (copy[i - 1] + copy[i] + copy[i + 1]) / 3;
    if (!scratch) free(copy);
}
