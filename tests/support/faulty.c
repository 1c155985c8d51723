/*
 * A filesystem that fails, or that kills whoever uses it, at a chosen call. Preloaded into processes.
 *
 *   FAULT_ROOT    only calls on paths below it count, and on files opened there
 *   FAULT_COUNT   a file of 8 bytes: how many such calls there were, in all processes together
 *   FAULT_AT      at which call (from 0) it happens; none: calls are only counted
 *   FAULT_DO      the errno to fail with, or 0 to kill the whole process group
 *   FAULT_FOR     how many calls fail, from the first on
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define MOST_FILES 4096

static const char *root;
static size_t root_length;
static long *counter;
static long at = -1, for_ = 1;
static int number;
static char ours[MOST_FILES];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
    const char *file = getenv("FAULT_COUNT"), *text;
    root = getenv("FAULT_ROOT");
    if (!root || !file) return;
    root_length = strlen(root);
    if ((text = getenv("FAULT_AT"))) at = atol(text);
    if ((text = getenv("FAULT_FOR"))) for_ = atol(text);
    if ((text = getenv("FAULT_DO"))) number = atoi(text);
    int fd = REAL(open)(file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *page = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REAL(close)(fd);
    if (page != MAP_FAILED) counter = page;
}

static int below(int directory, const char *path) {
    if (!counter || !path) return 0;
    if (path[0] != '/') return directory >= 0 && directory < MOST_FILES && ours[directory];
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

/* Count a call; return whether it is to fail. */
static int fails(int counts) {
    if (!counts || !counter) return 0;
    long now = __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
    if (at < 0 || now < at || now >= at + for_) return 0;
    if (!number) kill(0, SIGKILL);
    errno = number;
    return 1;
}

static int mine(int fd) { return counter && fd >= 0 && fd < MOST_FILES && ours[fd]; }

static int opened(int fd, int counts) {
    if (fd >= 0 && fd < MOST_FILES) ours[fd] = (char)counts;
    return fd;
}

#define OPEN(name, directory, real, ...)                                                                  \
    int counts = below(directory, path);                                                                  \
    mode_t mode = 0;                                                                                      \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                                \
        va_list rest;                                                                                     \
        va_start(rest, flags);                                                                            \
        mode = va_arg(rest, mode_t);                                                                      \
        va_end(rest);                                                                                     \
    }                                                                                                     \
    if (fails(counts)) return -1;                                                                         \
    return opened(REAL(real)(__VA_ARGS__, mode), counts)

int open(const char *path, int flags, ...) { OPEN(open, -1, open, path, flags); }
int open64(const char *path, int flags, ...) { OPEN(open64, -1, open64, path, flags); }
int openat(int dir, const char *path, int flags, ...) { OPEN(openat, dir, openat, dir, path, flags); }
int openat64(int dir, const char *path, int flags, ...) { OPEN(openat64, dir, openat64, dir, path, flags); }

int close(int fd) {
    if (fd >= 0 && fd < MOST_FILES) ours[fd] = 0;
    return REAL(close)(fd);
}

#define CALL(type, name, parameters, counts, ...)                                                         \
    type name parameters {                                                                                \
        if (fails(counts)) return -1;                                                                     \
        return REAL(name)(__VA_ARGS__);                                                                   \
    }

CALL(ssize_t, read, (int fd, void *data, size_t size), mine(fd), fd, data, size)
CALL(ssize_t, write, (int fd, const void *data, size_t size), mine(fd), fd, data, size)
CALL(ssize_t, pread64, (int fd, void *data, size_t size, off64_t from), mine(fd), fd, data, size, from)
CALL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t to), mine(fd), fd, data, size, to)
CALL(int, ftruncate64, (int fd, off64_t size), mine(fd), fd, size)
CALL(int, fsync, (int fd), mine(fd), fd)
CALL(int, fchmod, (int fd, mode_t mode), mine(fd), fd, mode)
CALL(int, futimens, (int fd, const struct timespec t[2]), mine(fd), fd, t)
CALL(int, chmod, (const char *path, mode_t mode), below(-1, path), path, mode)
CALL(int, mkdir, (const char *path, mode_t mode), below(-1, path), path, mode)
CALL(int, mkdirat, (int dir, const char *path, mode_t mode), below(dir, path), dir, path, mode)
CALL(int, rmdir, (const char *path), below(-1, path), path)
CALL(int, unlink, (const char *path), below(-1, path), path)
CALL(int, unlinkat, (int dir, const char *path, int flags), below(dir, path), dir, path, flags)
CALL(int, rename, (const char *path, const char *to), below(-1, path), path, to)
CALL(int, renameat, (int dir, const char *path, int there, const char *to), below(dir, path), dir, path, there, to)
CALL(int, symlink, (const char *target, const char *path), below(-1, path), target, path)
CALL(int, symlinkat, (const char *target, int dir, const char *path), below(dir, path), target, dir, path)
CALL(int, linkat, (int dir, const char *path, int there, const char *to, int flags), below(dir, path), dir, path, there, to, flags)
CALL(int, utimensat, (int dir, const char *path, const struct timespec t[2], int flags), below(dir, path), dir, path, t, flags)
