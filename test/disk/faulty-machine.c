/*
 * Loaded into a process by LD_PRELOAD, it lets the machine fail under the process's database, as the text of the file named
 * by CALLORA_FAULTS says at the moment: "full" for no room, "sync" for an fsync that fails, "clock N" for a wall clock that
 * is N seconds off. An empty or missing file is a machine that works.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int read_faults(char *text, size_t size) {
  const char *path = getenv("CALLORA_FAULTS");
  text[0] = '\0';
  if (!path) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length > 0 ? length : 0] = '\0';
  return length > 0;
}

static int is_database(int fd) {
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, name, sizeof name - 1);
  if (length < 0) return 0;
  name[length] = '\0';
  return strstr(name, ".db") != NULL;
}

static int meets(const char *fault, int fd) {
  char text[64];
  return read_faults(text, sizeof text) && strncmp(text, fault, strlen(fault)) == 0 && is_database(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  if (meets("full", fd)) return errno = ENOSPC, -1;
  return REAL(pwrite64)(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  if (meets("full", fd)) return errno = ENOSPC, -1;
  return REAL(pwrite)(fd, bytes, count, offset);
}

int fdatasync(int fd) {
  if (meets("sync", fd)) return errno = EIO, -1;
  return REAL(fdatasync)(fd);
}

int fsync(int fd) {
  if (meets("sync", fd)) return errno = EIO, -1;
  return REAL(fsync)(fd);
}

static long clock_off(void) {
  char text[64];
  if (!read_faults(text, sizeof text) || strncmp(text, "clock ", 6) != 0) return 0;
  return atol(text + 6);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = REAL(clock_gettime)(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += clock_off();
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  int result = REAL(gettimeofday)(time, zone);
  if (result == 0) time->tv_sec += clock_off();
  return result;
}
