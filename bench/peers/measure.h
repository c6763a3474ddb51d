// What every reference program shares: a run per line of stdin, and what a run costs.
//
// A program starts, gets ready, and then waits. For each line "go" it does one run and answers with one line
//
//     BYTES WALL_NANOS CPU_NANOS INSTRUCTIONS SWITCHES CALLS USER_BYTES
//
// where INSTRUCTIONS (user and kernel) and SWITCHES are -1 on a machine that has no such counter. CALLS are those that move
// bytes, USER_BYTES what passed through the memory of the program. So that runs of several
// programs can take turns while all of them stay warm. CPU time is that of this thread, which does all the work.
#ifndef FID_MEASURE_H
#define FID_MEASURE_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (8 << 20)   // bytes asked for in one call; Fid asks for as many
#define PIPE_SIZE (1 << 20)
#define BLOCK (128 << 10) // the buffer of a copy by read and write

// Ends the program; the reader of our stdout learns why.
static void die(const char *format, ...) {
    va_list arguments;
    int error = errno;
    va_start(arguments, format);
    printf("error: ");
    vprintf(format, arguments);
    printf(": %s\n", strerror(error));
    va_end(arguments);
    exit(1);
}

static int open_or_die(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0644);
    if (fd < 0) die("open %s", path);
    return fd;
}

/* Of what is no pipe: nothing. */
static void resize_pipe(int fd) {
    if (fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE) < 0 && errno != EBADF) die("F_SETPIPE_SZ");
}

static void open_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0) die("pipe2");
    resize_pipe(ends[1]);
}

static int connect_to(const char *port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect to port %s", port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

// Half-closes a socket and waits for one byte of the peer: so the clock stops when all has arrived.
static void await_peer(int fd) {
    char ack;
    if (shutdown(fd, SHUT_WR) < 0) die("shutdown");
    if (recv(fd, &ack, 1, 0) != 1) die("the peer did not acknowledge");
}

static void pin(const char *cpu) {
    cpu_set_t set;
    int number = atoi(cpu);
    if (number < 0) return;
    CPU_ZERO(&set);
    CPU_SET(number, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0) die("sched_setaffinity %s", cpu);
}

static int64_t nanos(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// A counter of this thread, in user mode and in the kernel; -1 where there is none.
static int open_counter(uint32_t type, uint64_t config) {
    struct perf_event_attr attr = {.size = sizeof attr, .type = type, .config = config, .exclude_hv = 1};
    return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static int64_t count(int counter) {
    int64_t value;
    return counter >= 0 && read(counter, &value, sizeof value) == sizeof value ? value : -1;
}

static struct {
    int instructions, switches;
    int64_t wall, cpu, instructions_then, switches_then;
    int64_t wall_taken, cpu_taken, instructions_taken, switches_taken;
    int64_t calls, user_bytes;
} run;

// A call that moves bytes.
static ssize_t counted(ssize_t result) {
    run.calls++;
    return result;
}

// A call that moves them into the program's memory.
static ssize_t counted_user(ssize_t result) {
    if (result > 0) run.user_bytes += result;
    return counted(result);
}

#define read(...) counted_user(read(__VA_ARGS__))
#define write(...) counted(write(__VA_ARGS__))
#define splice(...) counted(splice(__VA_ARGS__))
#define tee(...) counted(tee(__VA_ARGS__))
#define vmsplice(...) counted(vmsplice(__VA_ARGS__))
#define sendfile(...) counted(sendfile(__VA_ARGS__))
#define copy_file_range(...) counted(copy_file_range(__VA_ARGS__))

// The clock runs from here ...
static void start(void) {
    run.instructions_then = count(run.instructions);
    run.switches_then = count(run.switches);
    run.calls = run.user_bytes = 0;
    run.cpu = nanos(CLOCK_THREAD_CPUTIME_ID);
    run.wall = nanos(CLOCK_MONOTONIC);
}

// ... to here; what was opened before and is closed after is not part of the run.
static void stop(void) {
    int64_t instructions, switches;
    run.wall_taken = nanos(CLOCK_MONOTONIC) - run.wall;
    run.cpu_taken = nanos(CLOCK_THREAD_CPUTIME_ID) - run.cpu;
    instructions = count(run.instructions);
    switches = count(run.switches);
    run.instructions_taken = instructions < 0 ? -1 : instructions - run.instructions_then;
    run.switches_taken = switches < 0 ? -1 : switches - run.switches_then;
}

// Does `body` once for each line of stdin. It returns the bytes that it moved, between its start() and its stop().
static int on_every_line(const char *cpu, int64_t (*body)(void)) {
    char line[16];
    pin(cpu);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    run.instructions = open_counter(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
    run.switches = open_counter(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES);
    printf("ready\n");
    while (fgets(line, sizeof line, stdin)) {
        int64_t bytes = body();
        printf("%lld %lld %lld %lld %lld %lld %lld\n", (long long)bytes, (long long)run.wall_taken,
               (long long)run.cpu_taken, (long long)run.instructions_taken, (long long)run.switches_taken,
               (long long)run.calls, (long long)run.user_bytes);
    }
    return 0;
}

static void write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0) die("write");
        bytes += written;
        length -= written;
    }
}

// Copies by read and write until the input ends.
static int64_t read_write(int in, int out) {
    static char *buffer;
    int64_t moved = 0;
    ssize_t got;
    if (!buffer && posix_memalign((void **)&buffer, 4096, BLOCK)) die("posix_memalign");
    while ((got = read(in, buffer, BLOCK)) > 0) {
        write_all(out, buffer, got);
        moved += got;
    }
    if (got < 0) die("read");
    return moved;
}

// Splices `length` bytes that lie in a pipe.
static void drain(int pipe, int out, size_t length) {
    while (length > 0) {
        ssize_t moved = splice(pipe, NULL, out, NULL, length, SPLICE_F_MOVE);
        if (moved <= 0) die("splice out of a pipe");
        length -= moved;
    }
}

// Splices through a pipe of our own until the input ends.
static int64_t splice_through(int in, int out) {
    static int pipe[2];
    int64_t moved = 0;
    ssize_t got;
    if (!pipe[1]) open_pipe(pipe);
    while ((got = splice(in, NULL, pipe[1], NULL, PIPE_SIZE, SPLICE_F_MOVE)) > 0) {
        drain(pipe[0], out, got);
        moved += got;
    }
    if (got < 0) die("splice into a pipe");
    return moved;
}

#endif
