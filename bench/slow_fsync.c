/* Put in front of the C library (LD_PRELOAD) of a PostgreSQL server: each flush to disk takes some milliseconds longer,
   as on a disk without a write cache. SLOW_FSYNC_US sets how much (default 10,000). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_a_little(void) {
    static long us = -1;
    if (us < 0) {
        const char *text = getenv("SLOW_FSYNC_US");
        us = text ? atol(text) : 10000;
    }
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0) {
    }
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_a_little();
    return real(fd);
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_a_little();
    return real(fd);
}
