// Makes the n-th call of a kind fail, for Tools/faults/faults, which builds and preloads it. On Linux.
//
//   FAULT_CALLS   kinds of calls with commas between them: open write fsync rename mkdir unlink mmap malloc network
//   FAULT_AT      which of them fails, counted from 1; 0 fails none
//   FAULT_ERRNO   the number of the error
//   FAULT_STAYS   1: all calls after it fail as well, as on a full disk
//   FAULT_ROOT    only calls about files below this folder count; malloc and network count anywhere
//   FAULT_COUNT   a file that gets the number of calls when the process ends
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE = 2, FSYNC = 4, RENAME = 8, MKDIR = 16, UNLINK = 32, MMAP = 64, MALLOC = 128, NETWORK = 256 };

static const char *const names[] = {"open", "write", "fsync", "rename", "mkdir", "unlink", "mmap", "malloc", "network"};
static int kinds, stays, code;
static long wanted;
static const char *root;
static size_t root_length;
static atomic_long seen;
static _Thread_local int inside;

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *calls = getenv("FAULT_CALLS");
  for (size_t index = 0; calls && index < sizeof names / sizeof *names; index++)
    if (strstr(calls, names[index])) kinds |= 1 << index;
  const char *text = getenv("FAULT_AT");
  wanted = text ? atol(text) : 0;
  text = getenv("FAULT_ERRNO");
  code = text ? atoi(text) : EIO;
  text = getenv("FAULT_STAYS");
  stays = text && *text == '1';
  root = getenv("FAULT_ROOT");
  root_length = root ? strlen(root) : 0;
  // Children, such as a Swift backtracer, run undisturbed.
  unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("FAULT_COUNT");
  kinds = 0;
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&seen));
  fclose(file);
}

static int fails(int kind) {
  if (!(kinds & kind) || inside) return 0;
  long number = atomic_fetch_add(&seen, 1) + 1;
  if (!wanted || !(number == wanted || (stays && number > wanted))) return 0;
  errno = code;
  return 1;
}

static int fails_path(int kind, const char *path) {
  if (!(kinds & kind) || !path) return 0;
  if (root && strncmp(path, root, root_length)) return 0;
  return fails(kind);
}

static int fails_file(int kind, int descriptor) {
  if (!(kinds & kind) || descriptor < 3) return 0;
  int before = errno;
  char link[40], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length <= 0) return 0;
  path[length] = 0;
  return fails_path(kind, path);
}

int open(const char *path, int flags, ...) {
  REAL(int, open, const char *, int, ...);
  va_list list;
  va_start(list, flags);
  int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, int) : 0;
  va_end(list);
  return fails_path(OPEN, path) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL(int, open64, const char *, int, ...);
  va_list list;
  va_start(list, flags);
  int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, int) : 0;
  va_end(list);
  return fails_path(OPEN, path) ? -1 : real(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode) {
  REAL(FILE *, fopen, const char *, const char *);
  return fails_path(OPEN, path) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
  REAL(FILE *, fopen64, const char *, const char *);
  return fails_path(OPEN, path) ? NULL : real(path, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  REAL(ssize_t, write, int, const void *, size_t);
  return fails_file(WRITE, descriptor) ? -1 : real(descriptor, bytes, count);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  return fails_file(WRITE, descriptor) ? -1 : real(descriptor, parts, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  return fails_file(WRITE, descriptor) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
  return fails_file(WRITE, descriptor) ? -1 : real(descriptor, bytes, count, offset);
}

int ftruncate(int descriptor, off_t length) {
  REAL(int, ftruncate, int, off_t);
  return fails_file(WRITE, descriptor) ? -1 : real(descriptor, length);
}

int fsync(int descriptor) {
  REAL(int, fsync, int);
  return fails_file(FSYNC, descriptor) ? -1 : real(descriptor);
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  return fails_path(RENAME, to) ? -1 : real(from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  REAL(int, renameat2, int, const char *, int, const char *, unsigned);
  return fails_path(RENAME, to) ? -1 : real(from_folder, from, to_folder, to, flags);
}

int symlink(const char *target, const char *path) {
  REAL(int, symlink, const char *, const char *);
  return fails_path(RENAME, path) ? -1 : real(target, path);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  return fails_path(MKDIR, path) ? -1 : real(path, mode);
}

int unlink(const char *path) {
  REAL(int, unlink, const char *);
  return fails_path(UNLINK, path) ? -1 : real(path);
}

int rmdir(const char *path) {
  REAL(int, rmdir, const char *);
  return fails_path(UNLINK, path) ? -1 : real(path);
}

void *mmap(void *place, size_t length, int protection, int flags, int descriptor, off_t offset) {
  REAL(void *, mmap, void *, size_t, int, int, int, off_t);
  return fails_file(MMAP, descriptor) ? MAP_FAILED : real(place, length, protection, flags, descriptor, offset);
}

void *mmap64(void *place, size_t length, int protection, int flags, int descriptor, off64_t offset) {
  REAL(void *, mmap64, void *, size_t, int, int, int, off64_t);
  return fails_file(MMAP, descriptor) ? MAP_FAILED : real(place, length, protection, flags, descriptor, offset);
}

// Only what is large: Swift's own small objects can't be refused, by design of the language.
extern void *__libc_malloc(size_t);
extern int posix_memalign(void **, size_t, size_t);

void *malloc(size_t size) {
  return size >= 1 << 16 && fails(MALLOC) ? NULL : __libc_malloc(size);
}

int posix_memalign(void **place, size_t alignment, size_t size) {
  REAL(int, posix_memalign, void **, size_t, size_t);
  return size >= 1 << 16 && fails(MALLOC) ? ENOMEM : real(place, alignment, size);
}

int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
  REAL(int, connect, int, const struct sockaddr *, socklen_t);
  return fails(NETWORK) ? -1 : real(descriptor, address, length);
}

ssize_t send(int descriptor, const void *bytes, size_t count, int flags) {
  REAL(ssize_t, send, int, const void *, size_t, int);
  return fails(NETWORK) ? -1 : real(descriptor, bytes, count, flags);
}

ssize_t recv(int descriptor, void *bytes, size_t count, int flags) {
  REAL(ssize_t, recv, int, void *, size_t, int);
  return fails(NETWORK) ? -1 : real(descriptor, bytes, count, flags);
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  REAL(int, getaddrinfo, const char *, const char *, const struct addrinfo *, struct addrinfo **);
  return fails(NETWORK) ? EAI_AGAIN : real(host, service, hints, found);
}
