"""A clock that jumps under the service and its database, while they run: a small library that is loaded before the C library's.

libfaketime would do the same from one start to the next; this one reads its offset from a file at every call.
"""
import pathlib
import shutil
import struct
import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile int64_t *offset;
__attribute__((constructor)) static void load(void) {
    const char *path = getenv("FAULT_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *at = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) offset = at;
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
    return result;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (out) *out = exact.tv_sec;
    return exact.tv_sec;
}
"""


class Clock:
    """Wall clock of everything that is started with `environment`. Monotonic clocks go on as they are, as in a real jump."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.file.write_bytes(struct.pack("q", 0))
        self.file.chmod(0o644)
        self.environment = {}
        compiler = next(filter(None, map(shutil.which, ("cc", "clang", "gcc"))), None)
        if not compiler:
            return
        library = pathlib.Path(folder / "clock.so")
        source = folder / "clock.c"
        source.write_text(SOURCE)
        built = subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-w", "-o", str(library), str(source)], capture_output=True)
        if built.returncode == 0:
            self.environment = {"LD_PRELOAD": str(library), "FAULT_CLOCK": str(self.file)}

    def set(self, seconds):
        with open(self.file, "r+b") as out:
            out.write(struct.pack("q", seconds))
