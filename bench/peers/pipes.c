// Pipes: all names are FIFOs, whose other ends are the same for all contenders. The outputs of read_write and tee may also be
// files, which are made, /dev/null, and ports of the loopback interface.
//
//     pipes CPU splice IN OUT                 pipe to pipe
//     pipes CPU read_write IN OUT...          a loop of one read of 128 KiB and a write to each
//     pipes CPU tee IN OUT...                 one pipe to several, each through a private pipe
//     pipes CPU vmsplice FILE:PERIOD:LENGTH OUT
//     pipes CPU vmsplice_4k FILE:PERIOD:LENGTH OUT
//     pipes CPU write FILE:PERIOD:LENGTH OUT
//
// The last three send LENGTH bytes of memory, which holds the first PERIOD bytes of FILE, over and over. PERIOD is at least
// twice the size of the pipe: so a page is lent again only when the pipe has let go of it.
#include "measure.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define MOST_OUTPUTS 16

static const char *in_name;
static char **out_names;
static int outputs;
static char *memory;
static int64_t period, length;
static int in, out[MOST_OUTPUTS];
static int64_t (*move)(void);

static int64_t by_splice(void) {
    int64_t moved = 0;
    ssize_t n;
    while ((n = splice(in, NULL, out[0], NULL, CHUNK, SPLICE_F_MOVE)) > 0) moved += n;
    if (n < 0) die("splice");
    return moved;
}

static int64_t by_read_write(void) {
    static char *buffer;
    int64_t moved = 0;
    ssize_t got;
    if (!buffer && posix_memalign((void **)&buffer, 4096, BLOCK)) die("posix_memalign");
    while ((got = read(in, buffer, BLOCK)) > 0) {
        for (int i = 0; i < outputs; i++) write_all(out[i], buffer, got);
        moved += got;
    }
    if (got < 0) die("read");
    return moved;
}

// tee(2) always starts at the head of the input, so a short count could not be made up for. Hence a private pipe for each
// output but the last: it is empty whenever it is teed into, and as large as the input. The last output takes the pages.
static int64_t by_tee(void) {
    static int private[MOST_OUTPUTS][2];
    int64_t moved = 0;
    ssize_t n;
    if (!private[0][1]) {
        for (int i = 0; i < outputs - 1; i++) open_pipe(private[i]);
    }
    while ((n = tee(in, private[0][1], PIPE_SIZE, 0)) > 0) {
        for (int i = 1; i < outputs - 1; i++) {
            if (tee(in, private[i][1], n, 0) != n) die("tee of %zd bytes came short", n);
        }
        for (int i = 0; i < outputs - 1; i++) drain(private[i][0], out[i], n);
        drain(in, out[outputs - 1], n);
        moved += n;
    }
    if (n < 0) die("tee");
    return moved;
}

// Memory, in huge pages or small ones, with the first bytes of a file.
static void fill_memory(const char *argument, int advice) {
    char path[4096];
    int64_t have = 0;
    int fd;
    if (sscanf(argument, "%4095[^:]:%ld:%ld", path, &period, &length) != 3) die("no FILE:PERIOD:LENGTH: %s", argument);
    memory = mmap(NULL, period, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    madvise(memory, period, advice);
    fd = open_or_die(path, O_RDONLY);
    while (have < period) {
        ssize_t n = read(fd, memory + have, period - have);
        if (n <= 0) die("read %s", path);
        have += n;
    }
    close(fd);
}

static int64_t lesser(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t by_vmsplice(void) {
    int64_t moved = 0;
    while (moved < length) {
        int64_t at = moved % period;
        struct iovec span = {memory + at, lesser(period - at, length - moved)};
        ssize_t n = vmsplice(out[0], &span, 1, 0);
        if (n < 0) die("vmsplice");
        moved += n;
    }
    return length;
}

static int64_t by_write(void) {
    int64_t moved = 0;
    while (moved < length) {
        int64_t at = moved % period;
        int64_t n = lesser(lesser(BLOCK, period - at), length - moved);
        write_all(out[0], memory + at, n);
        run.user_bytes += n;
        moved += n;
    }
    return length;
}

static int is_port(const char *name) {
    return name[0] >= '0' && name[0] <= '9';
}

static int open_output(const char *name) {
    int fd;
    if (is_port(name)) return connect_to(name);
    fd = open_or_die(name, O_WRONLY | O_CREAT);
    resize_pipe(fd);
    return fd;
}

static int64_t body(void) {
    int64_t moved;
    if (in_name) resize_pipe(in = open_or_die(in_name, O_RDONLY));
    for (int i = 0; i < outputs; i++) out[i] = open_output(out_names[i]);
    start();
    moved = move();
    for (int i = 0; i < outputs; i++) {
        if (is_port(out_names[i])) await_peer(out[i]);
    }
    stop();
    if (in_name) close(in);
    for (int i = 0; i < outputs; i++) close(out[i]);
    return moved;
}

int main(int argc, char **argv) {
    if (argc < 5 || argc - 4 > MOST_OUTPUTS) {
        fprintf(stderr, "usage: pipes CPU splice|read_write|tee|vmsplice|vmsplice_4k|write IN|FILE:PERIOD:LENGTH OUT...\n");
        return 2;
    }
    int small = !strcmp(argv[2], "vmsplice_4k");
    int from_memory = small || !strcmp(argv[2], "vmsplice") || !strcmp(argv[2], "write");
    move = !strcmp(argv[2], "splice")       ? by_splice
           : !strcmp(argv[2], "tee")        ? by_tee
           : !strncmp(argv[2], "vmsplice", 8) ? by_vmsplice
           : !strcmp(argv[2], "read_write") ? by_read_write
                                            : by_write;
    if (from_memory) {
        fill_memory(argv[3], small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    } else {
        in_name = argv[3];
    }
    out_names = argv + 4;
    outputs = argc - 4;
    return on_every_line(argv[1], body);
}
